// Calls through a real hub, between clients of either dialect.
#include "tests/process/client_fixture.hpp"

#include <set>
#include <vector>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct Pair {
    Dialect caller, callee;
};

void PrintTo(const Pair& pair, std::ostream* out)
{
    PrintTo(pair.caller, out);
    *out << "_calls_";
    PrintTo(pair.callee, out);
}

class ClientCalls : public ClientTest, public testing::WithParamInterface<Pair> {
protected:
    std::unique_ptr<Client> join_callee(Methods methods, Properties properties = {})
    {
        return join_with(std::move(methods), options(GetParam().callee), std::move(properties));
    }

    std::unique_ptr<Client> join_caller() { return join(GetParam().caller); }
};

TEST_P(ClientCalls, EndWithTheValueThatTheMethodGave)
{
    const auto callee = join_callee({{"echo", [](const Call& call, const Reply& reply) { reply.value(call.params); }}});
    const auto caller = join_caller();
    for (const char* params : {"[]", "[-4]", R"(["\u00e9 \ud83d\ude00","\u0000"])", R"([{"b":1,"a":[null,1.5]}])"})
        EXPECT_EQ(value_of(call(*caller, "echo", Json::parse(params))), Json::parse(params));
}

TEST_P(ClientCalls, TellNullFromNoResultAtAll)
{
    const auto callee = join_callee({{"null", [](const Call&, const Reply& reply) { reply.value(nullptr); }},
                                     {"done", [](const Call&, const Reply& reply) { reply.done(); }}});
    const auto caller = join_caller();
    const Outcome null = call(*caller, "null"), done = call(*caller, "done");
    EXPECT_FALSE(null.is_absent());
    EXPECT_TRUE(done.is_absent());
    EXPECT_EQ(value_of(null), nullptr);
    EXPECT_EQ(value_of(done), nullptr) << "to those who do not ask";
}

TEST_P(ClientCalls, EndWithTheErrorOfTheMethod)
{
    const auto callee =
        join_callee({{"fail", [](const Call&, const Reply& reply) { reply.error("no such width", "RangeError"); }},
                     {"throw", [](const Call&, const Reply&) { throw std::runtime_error{"broken"}; }},
                     {"forget", [](const Call&, const Reply&) {}}});
    const auto caller = join_caller();
    EXPECT_EQ(error_of(call(*caller, "fail")), (CallError{"RangeError", "no such width"}));
    EXPECT_EQ(error_of(call(*caller, "throw")), (CallError{"Error", "broken"}));
    EXPECT_EQ(error_of(call(*caller, "forget")), (CallError{"Error", "the method returned without an answer"}));
    EXPECT_THAT(error_of(call(*caller, "missing")).message, HasSubstr("Cannot found method called missing"));
}

TEST_P(ClientCalls, EndWhenTheirTimeIsOver)
{
    std::vector<Reply> kept;
    const auto callee = join_callee({{"wait", [&](const Call&, const Reply& reply) { kept.push_back(reply); }}});
    const auto caller = join_caller();
    EXPECT_EQ(error_of(call(*caller, "wait", Json::array(), {.timeout = 20ms})).name, "MessengerRequestTimeoutError");
    ASSERT_TRUE(until([&] { return kept.size() == 1; }));
    kept[0].value("too late");
    EXPECT_EQ(error_of(outcome([&](Completion done) { caller->invoke("nobody", "x", {}, std::move(done)); })).name,
              "PandoraNoRouteError");
}

TEST_P(ClientCalls, ReadPropertiesAndListThem)
{
    int reads = 0;
    const auto callee = join_callee({{"abs", [](const Call&, const Reply& reply) { reply.value(4); }}},
                                    {{"reads", [&] { return Json(++reads); }},
                                     {"name", [] { return Json(""); }},
                                     {"broken", []() -> Json { throw std::runtime_error{"no such file"}; }},
                                     {"limits", [] {
                                          return Json{{"max", 3}};
                                      }}});
    const auto caller = join_caller();
    const auto property = [&](const std::string& name) {
        return outcome([&](Completion done) { caller->get_property("math", name, std::move(done)); });
    };
    EXPECT_EQ(value_of(property("reads")), 1);
    EXPECT_EQ(value_of(property("reads")), 2) << "read anew";
    EXPECT_EQ(value_of(property("name")), "");
    EXPECT_EQ(value_of(property("limits")).dump(), R"({"max":3})");
    EXPECT_EQ(error_of(property("broken")).message, "no such file");
    EXPECT_TRUE(property("missing").is_absent());
    EXPECT_TRUE(property("abs").is_absent()) << "a method is none";
    const Outcome listed = outcome([&](Completion done) { caller->introspect("math", std::move(done)); });
    EXPECT_EQ(value_of(listed).dump(),
              R"({"properties":[{"name":"broken","type":"undefined"},{"name":"limits","type":"object"},)"
              R"({"name":"name","type":"string"},{"name":"reads","type":"number"}],)"
              R"("methods":[{"name":"abs","length":0,"type":"function"}]})");
}

TEST_P(ClientCalls, ReachAllThatMatchAndGatherTheirAnswers)
{
    const auto answering = [](int number) {
        return Methods{{"number", [number](const Call&, const Reply& reply) { reply.value(number); }}};
    };
    const auto one = join_callee(answering(1)), two = join_callee(answering(2)), three = join_callee(answering(3));
    const auto caller = join_caller();
    std::vector<Json> numbers;
    std::optional<GatherOutcome> end;
    caller->invoke_all(
        "math", "number", Json::array(), [&](const Json&, const Outcome& each) { numbers.push_back(value_of(each)); },
        [&](GatherOutcome how) { end = std::move(how); });
    ASSERT_TRUE(until([&] { return end.has_value(); }));
    EXPECT_THAT(numbers, UnorderedElementsAre(1, 2, 3));
    EXPECT_EQ(std::get<Gathered>(*end), (Gathered{3, 3}));
}

TEST_P(ClientCalls, MayWantNoAnswer)
{
    std::vector<Json> heard;
    const auto callee = join_callee({{"hear", [&](const Call& call, const Reply& reply) {
                                          heard.push_back(call.params);
                                          reply.done();
                                      }}});
    const auto caller = join_caller();
    caller->send("math", "hear", Json::array({1}));
    caller->send("math", "hear", Json::array({2}));
    ASSERT_TRUE(until([&] { return heard.size() == 2; }));
    EXPECT_THAT(heard, ElementsAre(Json::array({1}), Json::array({2})));
}

TEST_P(ClientCalls, WithOneKeyReachOneCallee)
{
    std::vector<std::unique_ptr<Client>> callees;
    std::set<int> reached;
    int calls = 0;
    for (int number = 0; number < 4; ++number) {
        callees.push_back(join_callee({{"hear", [&, number](const Call&, const Reply& reply) {
                                            reached.insert(number);
                                            ++calls;
                                            reply.done();
                                        }}}));
    }
    const auto caller = join_caller();
    for (int i = 0; i < 20; ++i) caller->send("math", "hear", Json::array(), {.sticky = "customer 7"});
    ASSERT_TRUE(until([&] { return calls == 20; }));
    call(*caller, "hear", Json::array(), {.sticky = "customer 7"});
    EXPECT_EQ(reached.size(), 1U) << "messages and calls alike";
}

TEST_P(ClientCalls, CarryTheirTrace)
{
    const Trace trace{.trace_id = {std::byte{1}}, .span_id = {std::byte{2}}, .flags = 1};
    std::vector<std::optional<Trace>> traces;
    const auto callee = join_callee({{"hear", [&](const Call& call, const Reply& reply) {
                                          traces.push_back(call.trace);
                                          reply.done();
                                      }}});
    const auto caller = join_caller();
    caller->send("math", "hear", Json::array(), {.trace = trace});
    call(*caller, "hear", Json::array(), {.trace = trace});
    EXPECT_THAT(traces, ElementsAre(trace, trace));
}

TEST_P(ClientCalls, FailAtOnceWhenTheirCalleeGoes)
{
    std::vector<Reply> kept;
    auto callee = join_callee({{"wait", [&](const Call&, const Reply& reply) { kept.push_back(reply); }}});
    const auto caller = join_caller();
    const Outcome end = outcome([&](Completion done) {
        caller->invoke("math", "wait", Json::array(), std::move(done), 60s);
        ASSERT_TRUE(until([&] { return kept.size() == 1; }));
        callee.reset();
    });
    EXPECT_EQ(error_of(end).name, "PandoraPeerGoneError");
    kept[0].value(1); // of a client that is gone
}

TEST_P(ClientCalls, OfAClientThatIsDestroyedEndWithoutAWord)
{
    std::vector<Reply> kept;
    const auto callee = join_callee({{"wait", [&](const Call&, const Reply& reply) { kept.push_back(reply); }},
                                     {"ping", [](const Call&, const Reply& reply) { reply.done(); }}});
    auto caller = join_caller();
    const auto held = std::make_shared<bool>(false);
    for (int i = 0; i < 10; ++i)
        caller->invoke(
            "math", "wait", Json::array(), [held](const Outcome&) { *held = true; }, 60s);
    ASSERT_TRUE(until([&] { return kept.size() == 10; }));
    caller.reset();
    EXPECT_EQ(held.use_count(), 1) << "what the completions held is let go";
    for (const Reply& reply : kept) reply.value(1);
    EXPECT_FALSE(std::holds_alternative<CallError>(call(*join_caller(), "ping")));
    EXPECT_FALSE(*held);
}

INSTANTIATE_TEST_SUITE_P(Dialects, ClientCalls,
                         testing::Values(Pair{Dialect::native, Dialect::native}, Pair{Dialect::native, Dialect::legacy},
                                         Pair{Dialect::legacy, Dialect::native},
                                         Pair{Dialect::legacy, Dialect::legacy}),
                         testing::PrintToStringParamName{});

} // namespace
} // namespace pandora::hub::client
