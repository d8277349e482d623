#include "hub/core/admission.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{100s};
constexpr uid_t root = 0, owner = 1000, stranger = 2000, other = 3000;

class AdmissionTest : public testing::Test {
protected:
    /// A newcomer of the user and the process; why it is refused, or nullopt and its place is kept.
    std::optional<Disconnect> arrive(uid_t uid, pid_t pid, TimePoint now = start)
    {
        auto outcome = made->arrive({pid, uid, 0}, now);
        if (const auto* refused = std::get_if<Disconnect>(&outcome)) return *refused;
        places.push_back(std::get<Admission::Place>(std::move(outcome)));
        return std::nullopt;
    }

    /// How many of `tries` are let in, each of a process of its own.
    std::size_t admitted(uid_t uid, std::size_t tries, TimePoint now = start)
    {
        std::size_t count = 0;
        for (std::size_t i = 0; i < tries; ++i) count += arrive(uid, ++pids, now) == std::nullopt;
        return count;
    }

    void make(const wire::Limits& bounds, std::size_t connections_max)
    {
        places.clear();
        made.emplace(bounds, Admission::Scope{owner, connections_max});
    }

    wire::Limits limits{.connections_kept_for_root = 2,
                        .connections_of_user_max = 40,
                        .connections_of_process_max = 3,
                        .offline_of_user_max = 1000,
                        .newcomers_at_once_max = 1000,
                        .newcomers_per_second = 10};
    std::optional<Admission> made{std::in_place, limits, Admission::Scope{owner, 50}};
    std::vector<Admission::Place> places;
    pid_t pids = 10'000;
};

TEST_F(AdmissionTest, LetsEachUserHaveItsShare)
{
    struct Row {
        uid_t uid;
        std::size_t places, admitted;
        const char* why;
    };

    for (const auto& [uid, connections_max, want, why] : {
             Row{stranger, 50, 25, "half of all places"},
             Row{stranger, 500, 40, "the most of one user"},
             Row{owner, 50, 48, "all but those that are root's"},
             Row{owner, 500, 498, "whatever a user may have"},
             Row{root, 50, 50, "all"},
             Row{root, 500, 500, "all, whatever a user may have"},
             Row{stranger, 1, 1, "a tiny hub is one, too"},
             Row{stranger, 4, 2, "a tiny hub is one, too"},
             Row{owner, 4, 3, "a quarter of a tiny hub is root's"},
         }) {
        make(limits, connections_max);
        EXPECT_EQ(admitted(uid, 600), want) << "uid " << uid << " of " << connections_max << ": " << why;
        EXPECT_EQ(made->connections(), want);
    }
}

TEST_F(AdmissionTest, SaysWhyItRefuses)
{
    struct Row {
        uid_t before;
        std::size_t how_many;
        uid_t uid;
        std::optional<Disconnect> want;
    };

    for (const auto& [before, how_many, uid, want] : {
             Row{owner, 48, owner, Disconnect::too_many},
             Row{owner, 48, stranger, Disconnect::too_many},
             Row{owner, 48, root, std::nullopt},
             Row{root, 50, root, Disconnect::too_many},
             Row{stranger, 25, stranger, Disconnect::too_many_of_user},
             Row{stranger, 25, other, std::nullopt},
             Row{stranger, 25, owner, std::nullopt},
         }) {
        make(limits, 50);
        ASSERT_EQ(admitted(before, how_many), how_many);
        EXPECT_EQ(arrive(uid, 1), want) << how_many << " of " << before << ", then one of " << uid;
    }
}

TEST_F(AdmissionTest, BoundsAProcessWhoeversItIs)
{
    for (const uid_t uid : {root, owner, stranger}) {
        make(limits, 50);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(arrive(uid, 7), std::nullopt);
        EXPECT_EQ(arrive(uid, 7), Disconnect::too_many_of_process) << uid;
        EXPECT_EQ(arrive(uid, 8), std::nullopt) << uid;
        places.erase(places.begin());
        EXPECT_EQ(arrive(uid, 7), std::nullopt) << "one has gone";
    }
}

TEST_F(AdmissionTest, DoesNotTakeThoseWithoutANumberForOneProcess)
{
    for (int i = 0; i < 20; ++i) EXPECT_EQ(arrive(stranger, 0), std::nullopt);
}

TEST_F(AdmissionTest, BoundsThoseWhoHaveNotSaidWhoTheyAre)
{
    limits.offline_of_user_max = 5;
    make(limits, 50);
    EXPECT_EQ(admitted(owner, 5), 5U);
    EXPECT_EQ(arrive(owner, 1), Disconnect::too_many_offline);
    EXPECT_EQ(arrive(stranger, 2), std::nullopt) << "each user has its own bound";

    places[0].online();
    places[0].online();
    EXPECT_EQ(arrive(owner, 1), std::nullopt) << "one has";
    EXPECT_EQ(arrive(owner, 1), Disconnect::too_many_offline) << "and it counts once";

    places.erase(places.begin());
    EXPECT_EQ(arrive(owner, 1), Disconnect::too_many_offline) << "who is online makes no room by going";
    places.erase(places.begin());
    EXPECT_EQ(arrive(owner, 1), std::nullopt) << "who is not does";
}

TEST_F(AdmissionTest, LetsSoManyComeAtOnceAndSoManyASecond)
{
    limits.newcomers_at_once_max = 20;
    make(limits, 1000);
    for (const uid_t uid : {root, owner, stranger}) {
        EXPECT_EQ(admitted(uid, 30), 20U);
        EXPECT_EQ(arrive(uid, 1), Disconnect::too_fast);
        EXPECT_EQ(admitted(uid, 30, start + 99ms), 0U);
        EXPECT_EQ(admitted(uid, 30, start + 100ms), 1U);
        EXPECT_EQ(admitted(uid, 30, start + 600ms), 5U);
        places.clear();
        EXPECT_EQ(admitted(uid, 30, start + 600ms), 0U) << "going does not pay for it";
        EXPECT_EQ(admitted(uid, 30, start + 1h), 20U) << "never more than at once";
        places.clear();
    }
}

TEST_F(AdmissionTest, RemembersAFloodUntilItIsPaidFor)
{
    limits.newcomers_at_once_max = 20;
    make(limits, 1000);
    EXPECT_EQ(admitted(stranger, 30), 20U);
    places.clear();
    EXPECT_EQ(arrive(other, 1), std::nullopt) << "another user's coming forgets only who owes nothing";
    EXPECT_EQ(arrive(stranger, 1), Disconnect::too_fast);
}

TEST_F(AdmissionTest, ByDefaultAThousandWorkersMayStartAtOnce)
{
    for (const uid_t uid : {owner, stranger}) {
        make(wire::Limits{}, 20'000 - wire::Limits{}.descriptors_reserved);
        EXPECT_EQ(admitted(uid, 1000), 1000U) << uid;
    }
}

TEST_F(AdmissionTest, APlaceThatIsMovedIsGivenBackOnce)
{
    ASSERT_EQ(arrive(owner, 1), std::nullopt);
    ASSERT_EQ(arrive(owner, 1), std::nullopt);
    Admission::Place kept = std::move(places[0]);
    EXPECT_EQ(made->connections(), 2U);
    kept = std::move(places[1]);
    EXPECT_EQ(made->connections(), 1U) << "what it replaces is given back";
    kept = Admission::Place{};
    EXPECT_EQ(made->connections(), 0U);
    places.clear();
    EXPECT_EQ(made->connections(), 0U);
}

} // namespace
} // namespace pandora::hub::core
