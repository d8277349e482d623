#include "hub/net/pace.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::net {

namespace {

/// A turn with so much input; how much of it was to be dealt with at once.
int turn(Pace& pace, int inputs)
{
    int at_once = 0;
    for (int n = 0; n < inputs; ++n) at_once += pace.at_once() ? 1 : 0;
    pace.turn_ended();
    return at_once;
}

int turns(Pace& pace, int count, int inputs)
{
    int at_once = 0;
    for (int n = 0; n < count; ++n) at_once += turn(pace, inputs);
    return at_once;
}

TEST(Pace, GathersUntilTurnsHaveBeenLonelyForAWhile)
{
    Pace pace;
    EXPECT_EQ(turns(pace, 16, 1), 0);
    EXPECT_EQ(turns(pace, 31, 1), 31);
}

TEST(Pace, LooksNowAndThenWhetherTurnsAreStillLonely)
{
    Pace pace;
    turns(pace, 16, 1);
    EXPECT_EQ(turns(pace, 3200, 1), 3100);
}

TEST(Pace, GathersAgainAsSoonAsALookFindsMore)
{
    Pace pace;
    turns(pace, 16 + 31, 1);
    EXPECT_EQ(turn(pace, 2), 0); // the look
    EXPECT_EQ(turns(pace, 16, 1), 0);
    EXPECT_EQ(turn(pace, 1), 1);
}

TEST(Pace, OfManyInputsGathersAll)
{
    Pace pace;
    EXPECT_EQ(turns(pace, 1000, 3), 0);
}

TEST(Pace, WhatTheHubDoesOfItselfSaysNothing)
{
    Pace pace;
    turns(pace, 16, 1);
    turns(pace, 10, 0);
    EXPECT_EQ(turn(pace, 1), 1);
}

} // namespace

} // namespace pandora::hub::net
