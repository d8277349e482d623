// Transcripts of the verbs about who is who, and what the hub says of it.
#include "tests/unit/hub/core/native_fixture.hpp"

namespace pandora::hub::core::testing {
namespace {

TEST_F(RouterTest, RegistrationIsAnsweredWhetherAskedForOrNot)
{
    const PeerId peer = join();
    send(peer, 1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":"1"}}})");
    EXPECT_EQ(only(peer), ok(1));
    send(peer, 2, publish(R"({"objectName":"o"})"));
    EXPECT_EQ(only(peer), ok(2));
    send(peer, 3, unpublish(R"({"objectName":"nobody has it"})"));
    EXPECT_EQ(only(peer), ok(3));
    send(peer, 4, R"({"action":"PANDORA_HUB_ACTION_OFFLINE_UP"})");
    EXPECT_EQ(only(peer), ok(4));
}

TEST_F(RouterTest, ASelectorIsRequired)
{
    const PeerId peer = join();
    send(peer, 1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":null}})");
    EXPECT_EQ(only(peer), failed(1, "", "Selector is required, but got null"));
    for (const char* body :
         {R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP"})", R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP","data":[]})",
          R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP","data":{"data":7}})"}) {
        send(peer, 2, body);
        EXPECT_EQ(only(peer), failed(2, "", "Selector is required, but got undefined")) << body;
    }
    EXPECT_EQ(dropped(Drop::wrong_shape), 4U);
}

TEST_F(RouterTest, AnInstanceIsOnlineAsLongAsAConnectionOfItsIs)
{
    const auto come = [&](std::uint32_t instance, pid_t pid) {
        return router.connect({"shop", "web", instance, {pid, 1000, 1000}}, Reach::ordinary, now);
    };
    const auto up = [&](PeerId peer) {
        send(peer, 1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{}}})");
    };
    const PeerId first = come(0, 11), again = come(0, 11), child = come(0, 12), other = come(1, 13);
    EXPECT_THAT(router.online_pids({"web", 0}), IsEmpty()) << "connected, but no more";
    for (const PeerId peer : {first, again, child, other}) up(peer);
    EXPECT_THAT(router.online_pids({"web", 0}), ElementsAre(11, 12));
    EXPECT_THAT(router.online_pids({"web", 1}), ElementsAre(13));
    router.disconnect(first, Disconnect::peer_closed, now);
    EXPECT_THAT(router.online_pids({"web", 0}), ElementsAre(11, 12));
    router.disconnect(again, Disconnect::peer_closed, now);
    EXPECT_THAT(router.online_pids({"web", 0}), ElementsAre(12));
    EXPECT_THAT(router.online_pids({"store", 0}), IsEmpty());
}

TEST_F(RouterTest, UnpublishingWithoutAnEntryIsAnError)
{
    const PeerId peer = join();
    send(peer, 1, unpublish("null"));
    EXPECT_EQ(only(peer), failed(1, "", "Cannot read properties of null (reading 'clientId')"));
    send(peer, 2, unpublish("{}"));
    EXPECT_EQ(only(peer), ok(2));
    send(peer, 3, unpublish("{}"));
    EXPECT_EQ(only(peer), failed(3, "", "Can not found client when forgetRelation()"));
}

TEST_F(RouterTest, ObjectsComeWithTheFirstSelectorAndGoWithTheLast)
{
    const PeerId peer = join("web");
    send(peer, 1, publish(R"({"objectName":"o","pid":"1"})"));
    send(peer, 2, publish(R"({"objectName":"o","pid":"2"})"));
    send(peer, 3, publish(R"({"objectName":"o","pid":"2"})"));
    send(peer, 4, publish(R"({"objectName":"o@subscriber"})"));
    std::vector<ObjectEvent> events;
    router.take_events(events);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, ObjectEvent::Kind::published);
    EXPECT_EQ(events[0].object, "o");
    EXPECT_EQ(events[0].who.process, "web");
    EXPECT_EQ(router.objects(), 1U);

    send(peer, 5, unpublish(R"({"pid":"1"})"));
    router.take_events(events);
    EXPECT_THAT(events, IsEmpty());
    router.disconnect(peer, Disconnect::peer_closed, now);
    router.take_events(events);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, ObjectEvent::Kind::unpublished);
    EXPECT_EQ(router.objects(), 0U);
}

TEST_F(RouterTest, AnObjectWithTwoSelectorsGoesOnce)
{
    const PeerId peer = join();
    send(peer, 1, publish(R"({"objectName":"o","pid":"1"})"));
    send(peer, 2, publish(R"({"objectName":"o","pid":"2"})"));
    send(peer, 3, R"({"action":"PANDORA_HUB_ACTION_OFFLINE_UP","data":{}})");
    std::vector<ObjectEvent> events;
    router.take_events(events);
    EXPECT_EQ(events.size(), 2U);
}

TEST_F(RouterTest, RoutesListWhatEachConnectionAdded)
{
    provider("o");
    const PeerId builtin = join("", Reach::builtin);
    send(builtin, 1, publish(R"({"objectName":"pandora.hub"})"));
    const auto routes = router.routes();
    ASSERT_EQ(routes.size(), 2U);
    EXPECT_EQ(routes[0].client, "c1");
    EXPECT_EQ(routes[0].identity.process, "p-o");
    EXPECT_THAT(routes[0].selectors,
                ElementsAre(R"({"initialization":true})", R"({"processName":"p"})", R"({"objectName":"o"})"));
    EXPECT_EQ(routes[1].reach, Reach::builtin);
}

TEST_F(RouterTest, RoutesComeInTheOrderOfConnectionAndWithoutThoseWhoWentOffline)
{
    const PeerId first = join("first");
    join("second");
    router.disconnect(first, Disconnect::peer_closed, now);
    EXPECT_EQ(join("third"), first) << "the slot of the first is used again";
    const PeerId fourth = join("fourth");
    join("fifth");
    send(fourth, 1, R"({"action":"PANDORA_HUB_ACTION_OFFLINE_UP"})");
    const auto listed = [&] {
        std::vector<std::string> names;
        for (const RouteInfo& route : router.routes()) names.push_back(route.identity.process);
        return names;
    };
    EXPECT_THAT(listed(), ElementsAre("second", "third", "fifth"));
    EXPECT_EQ(router.connections(), 4U) << "offline is not gone";
    send(fourth, 2, publish(R"({"objectName":"o"})"));
    EXPECT_THAT(listed(), ElementsAre("second", "third", "fifth", "fourth"));
}

TEST_F(RouterTest, SelectorsAreLimitedInNumberAndLength)
{
    const PeerId peer = join();
    const wire::Limits limits;
    for (std::size_t i = 1; i < limits.selectors_max; ++i) {
        send(peer, 1, publish(R"({"pid":)" + std::to_string(i) + "}"));
        ASSERT_EQ(only(peer), ok(1));
    }
    send(peer, 2, publish(R"({"pid":"one too many"})"));
    EXPECT_THAT(only(peer), HasSubstr("PandoraBusyError"));
    send(peer, 3, publish(R"({"pid":1})"));
    EXPECT_EQ(only(peer), ok(3)) << "one that is there already takes no room";
    send(join(), 4, publish("\"" + std::string(limits.selector_bytes_max, 'x') + "\""));
    EXPECT_EQ(dropped(Drop::busy), 1U);
    EXPECT_EQ(dropped(Drop::too_large), 1U);
}

TEST_F(RouterTest, TheSourceIsStampedForThoseWhoAskedAndCannotBeForged)
{
    const PeerId stamped = join(), caller = join("web"),
                 stranger = router.connect({"", "", 0, {7, 8, 9}}, Reach::ordinary, now);
    send(stamped, 1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":"s"},"stamp":true}})");
    received(stamped);
    send(caller, 1,
         R"({"source":1,"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"pid":"s"}},"source":{"pid":0}})");
    EXPECT_EQ(
        only(stamped),
        R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","source":{"client":"c2","app":"shop","process":"web","instance":0,)"
        R"("pid":4711,"uid":1000},"data":{"remote":{"pid":"s"}}})");
    send(stranger, 1, message(R"({"pid":"s"})", ""));
    EXPECT_THAT(only(stamped), HasSubstr(R"({"client":"c3","app":null,"process":null,"instance":0,"pid":7,"uid":8})"));
}

TEST_F(RouterTest, BuiltinConnectionsAreReachedByNameOnlyAndCallWithoutLimit)
{
    wire::Limits limits;
    limits.calls_in_flight_max = 2;
    limits.selectors_max = 3;
    RouterHarness hub{limits};
    const PeerId builtin = hub.provider("pandora.supervisor", Reach::builtin);
    const PeerId worker = hub.provider("w");
    hub.send(builtin, 3, publish(R"({"objectName":"pandora.hub"})"));
    EXPECT_EQ(hub.only(builtin), ok(3));
    hub.send(worker, 4, multi_invoke("{}"));
    EXPECT_THAT(hub.received(builtin), IsEmpty());
    hub.send(worker, 5, invoke("pandora.supervisor"));
    EXPECT_EQ(hub.received(builtin).size(), 1U);
    hub.received(worker);
    for (std::uint32_t id = 10; id < 15; ++id) hub.send(builtin, id, invoke("w"));
    EXPECT_EQ(hub.received(worker).size(), 5U);
}

TEST_F(RouterTest, PacketIdsCountUpForEachConnection)
{
    const PeerId callee = provider("o"), caller = join();
    for (std::uint32_t id = 100; id < 103; ++id) send(caller, id, invoke("o"));
    std::vector<std::uint32_t> ids;
    for (const Received& frame : received(callee)) ids.push_back(frame.id);
    EXPECT_THAT(ids, ElementsAre(3, 4, 5)) << "1 and 2 were the answers to its own registration";
}

constexpr const char* native_online =
    R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{},"native":{"v":1,"credit":{"messages":1,"kib":64}}}})";

TEST_F(NativeRouterTest, AConnectionThatADrainedInstanceMakesIsToldThatNoRequestsWillCome)
{
    router.drain({"web", 0}, now + 5s, now);
    const PeerId late = join("web");
    send(late, 1, native_online);
    const auto got = received(late);
    ASSERT_EQ(got.size(), 2U) << "after the answer";
    EXPECT_EQ(wire::parse_native(got[1].body)->block.verb, static_cast<std::uint8_t>(wire::ControlVerb::goaway));
    send(late, 2, native_online);
    EXPECT_EQ(received(late).size(), 1U) << "once";
    router.undrain({"web", 0}, now);
    const PeerId next = join("web");
    send(next, 1, native_online);
    EXPECT_EQ(received(next).size(), 1U);
}

TEST_F(NativeRouterTest, ALaterOnlineWithoutTheDialectLeavesItAsItIs)
{
    const PeerId callee = join(), caller = join_native();
    send(callee, 1, native_online);
    send(callee, 2, publish(std::string{math}));
    received(callee);
    send(callee, 3, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{}}})");
    EXPECT_EQ(only(callee), ok(3));
    ask(caller, 1, math, "m");
    EXPECT_TRUE(only_frame(callee).is(wire::Verb::invoke));
    ask(caller, 2, math, "m");
    EXPECT_EQ(only_status(caller), wire::Status::busy) << "the credit as well";
    send(callee, 4, native_online);
    EXPECT_THAT(only(callee), HasSubstr(R"("native":{"v":1)"));
    ask(caller, 3, math, "m");
    EXPECT_TRUE(only_frame(callee).is(wire::Verb::invoke)) << "one with it begins anew";
}

} // namespace
} // namespace pandora::hub::core::testing
