// What the router's tests share: a router in a fixture, and the texts that answers come as.
#pragma once

#include "tests/unit/hub/core/router_harness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::hub::core::testing {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RouterTest : public ::testing::Test, protected RouterHarness {
protected:
    static std::string ok(std::uint32_t to) { return reply(to, R"({"success":true})"); }

    static std::string failed(std::uint32_t to, const std::string& name, const std::string& text)
    {
        return reply(to, wire::failure_reply(name, text));
    }

    static std::string down(const std::string& up)
    {
        std::string text = up;
        return text.replace(text.find("MSG_UP"), 6, "MSG_DOWN");
    }
};

} // namespace pandora::hub::core::testing
