// The machine's zone files, read by us and by the C library.
#include "supervisor/os/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono;
using namespace std::chrono_literals;

class TimeZoneTest : public testing::Test {
protected:
    TimeZoneTest()
    {
        if (const char* before = std::getenv("TZ")) before_ = before;
        char name[] = "/tmp/pandora-zones-XXXXXX";
        folder_ = ::mkdtemp(name);
    }

    ~TimeZoneTest() override
    {
        set_zone(before_);
        ::unsetenv("TZDIR");
        fs::remove_all(folder_);
    }

    TimeZoneTest(const TimeZoneTest&) = delete;
    TimeZoneTest& operator=(const TimeZoneTest&) = delete;

    static void set_zone(const std::optional<std::string>& zone)
    {
        if (zone)
            ::setenv("TZ", zone->c_str(), 1);
        else
            ::unsetenv("TZ");
        ::tzset();
    }

    static seconds offset_of_c_library(sys_seconds time)
    {
        const std::time_t number = time.time_since_epoch().count();
        std::tm local{};
        ::localtime_r(&number, &local);
        return seconds{local.tm_gmtoff};
    }

    static std::string error_of(const std::string& name)
    {
        try {
            load_time_zone(name);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "no error";
    }

    std::optional<std::string> before_;
    fs::path folder_;
};

TEST_F(TimeZoneTest, SaysWhatTheCLibrarySays)
{
    // Rules of all shapes: north and south, half hours, negative summer time, around Ramadan, a day that was left out,
    // changes that ended, changes at other times than a full hour.
    for (const auto* name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin",
                             "Africa/Casablanca", "Pacific/Apia", "Asia/Kolkata", "Asia/Gaza", "America/Nuuk",
                             "America/Sao_Paulo", "Antarctica/Troll", "UTC"}) {
        set_zone(name);
        const auto zone = load_time_zone(name);
        sys_seconds time = sys_days{1902y / 1 / 1};
        const sys_seconds end = sys_days{2100y / 1 / 1};
        while (time < end) {
            const auto span = zone.at(time);
            ASSERT_LE(span.begin, time) << name;
            ASSERT_LT(time, span.end) << name;
            for (const auto probe : {time, std::min(span.end, end) - 1s})
                ASSERT_EQ(span.offset, offset_of_c_library(probe)) << name << " " << probe.time_since_epoch().count();
            // Both ends of each span; in between, as long as it is.
            time = std::min(span.end, time + days{40});
        }
    }
}

TEST_F(TimeZoneTest, TheMachinesZoneIsWhatTheEnvironmentSaysFirst)
{
    const sys_seconds summer = sys_days{2026y / 7 / 1};

    struct Row {
        std::string zone;
        seconds offset;
    };

    const fs::path copy = folder_ / "copy";
    fs::copy_file("/usr/share/zoneinfo/America/New_York", copy);
    for (const auto& [zone, offset] :
         {Row{"Europe/Berlin", 2h}, Row{":Europe/Berlin", 2h}, Row{copy.string(), -4h}, Row{":" + copy.string(), -4h},
          Row{"EST5EDT,M3.2.0,M11.1.0", -4h}, Row{"<+0545>-5:45", 5h + 45min}, Row{"", 0s}, Row{":", 0s}}) {
        set_zone(zone);
        EXPECT_EQ(load_time_zone("").at(summer).offset, offset) << zone;
        EXPECT_EQ(offset_of_c_library(summer), offset) << zone;
    }
    set_zone(std::nullopt);
    EXPECT_EQ(load_time_zone("").at(summer).offset, offset_of_c_library(summer)) << "/etc/localtime";
}

TEST_F(TimeZoneTest, AFileThatChangedCountsFromTheNextCallOn)
{
    const sys_seconds summer = sys_days{2026y / 7 / 1};
    const auto use = [&](const char* source) {
        fs::copy_file(fs::path{"/usr/share/zoneinfo"} / source, folder_ / "Here", fs::copy_options::overwrite_existing);
    };
    ::setenv("TZDIR", folder_.c_str(), 1);
    use("Europe/Berlin");
    EXPECT_EQ(load_time_zone("Here").at(summer).offset, 2h);
    use("America/New_York");
    EXPECT_EQ(load_time_zone("Here").at(summer).offset, -4h);
}

TEST_F(TimeZoneTest, SaysInOneLineWhatIsWrong)
{
    EXPECT_EQ(error_of("Europe/Berlyn"),
              "time zone `Europe/Berlyn`: there is no file /usr/share/zoneinfo/Europe/Berlyn "
              "that can be read (package tzdata)");
    EXPECT_EQ(error_of("Europe"), "time zone `Europe`: there is no file /usr/share/zoneinfo/Europe that can be read "
                                  "(package tzdata)");
    EXPECT_EQ(error_of("../../../etc/passwd"),
              "time zone `../../../etc/passwd`: is no name of a zone, such as Europe/Berlin");
    EXPECT_EQ(error_of("/etc/localtime"), "time zone `/etc/localtime`: is no name of a zone, such as Europe/Berlin");
    ::setenv("TZDIR", folder_.c_str(), 1);
    std::ofstream{folder_ / "Nowhere"} << "nonsense";
    EXPECT_EQ(error_of("Nowhere"),
              "time zone `Nowhere`: " + (folder_ / "Nowhere").string() + " is no zone file without leap seconds");
}

} // namespace
} // namespace pandora::supervisor::os
