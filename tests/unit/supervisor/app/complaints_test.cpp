#include "supervisor/app/complaints.hpp"

#include <gmock/gmock.h>

namespace pandora::supervisor::app {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

hub::Identity web(std::uint32_t instance, pid_t pid) { return {"shop", "web", instance, {.pid = pid}}; }

hub::ClientInfo connection(const hub::Identity& who, bool unresponsive)
{
    hub::ClientInfo client;
    client.identity = who;
    client.unresponsive = unresponsive;
    return client;
}

TEST(Complaints, AWorkerIsUnresponsiveAsLongAsOneOfItsConnectionsIs)
{
    Complaints complaints;
    const auto first = complaints.silent(web(0, 10), 12s);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->process, "web");
    EXPECT_EQ(first->pid, 10);
    EXPECT_EQ(first->lasted, 12s);
    EXPECT_FALSE(complaints.silent(web(0, 11), 10s)) << "a child of it: that is known";

    EXPECT_THAT(complaints.withdrawn({connection(web(0, 10), false), connection(web(0, 11), true)}), IsEmpty());
    EXPECT_TRUE(complaints.holds(*first));

    const auto over = complaints.withdrawn({connection(web(0, 10), false), connection(web(0, 11), false)});
    ASSERT_THAT(over, SizeIs(1));
    EXPECT_FALSE(over[0].unresponsive);
    EXPECT_EQ(over[0].process, "web");
    EXPECT_FALSE(complaints.holds(*first));
    EXPECT_TRUE(complaints.holds(over[0]));
    EXPECT_FALSE(complaints.any());
}

TEST(Complaints, AConnectionThatHasEndedIsNoLongerSilent)
{
    Complaints complaints;
    complaints.silent(web(0, 10), 12s);
    EXPECT_TRUE(complaints.any());
    EXPECT_THAT(complaints.withdrawn({}), SizeIs(1));
}

TEST(Complaints, InstancesAreKeptApart)
{
    Complaints complaints;
    EXPECT_TRUE(complaints.silent(web(0, 10), 12s));
    EXPECT_TRUE(complaints.silent(web(1, 20), 12s));
    EXPECT_THAT(complaints.withdrawn({connection(web(1, 20), true)}), SizeIs(1));
    EXPECT_TRUE(complaints.holds({"web", 1, 20, true, 12s}));
}

TEST(Complaints, NothingIsWithdrawnThatWasNeverSaid)
{
    EXPECT_THAT(Complaints{}.withdrawn({connection(web(0, 10), false)}), IsEmpty());
}

} // namespace
} // namespace pandora::supervisor::app
