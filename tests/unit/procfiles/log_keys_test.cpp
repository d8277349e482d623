// What the keys of logs become, of the app and of a process.
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Optional;

LogSpec logs_of(const std::string& lines) { return parsed_process(lines).logs; }

TEST(LogKeys, OfPandoraAllLand)
{
    const LogSpec logs =
        logs_of("logs: {directory: logs, separate: true, max_size: 1MiB, max_backups: 3, max_age: 2d, "
                "rotate_every: 1h, compress: zstd, format: json, timestamps: '%H:%M', metadata: false, "
                "console: false, tail_lines: 50}");
    const auto& target = std::get<LogsInDirectory>(logs.target);
    EXPECT_EQ(target.directory, "/srv/shop/logs");
    EXPECT_TRUE(target.separate);
    EXPECT_EQ(logs.rotation.max_size, 1024U * 1024);
    EXPECT_EQ(logs.rotation.max_backups, 3U);
    EXPECT_EQ(logs.rotation.max_age, 48h);
    EXPECT_EQ(logs.rotation.interval, 1h);
    EXPECT_EQ(logs.rotation.compression, Compression::zstd);
    EXPECT_EQ(logs.format, LogFormat::json);
    EXPECT_THAT(logs.timestamps, Optional(std::string{"%H:%M"}));
    EXPECT_FALSE(logs.metadata);
    EXPECT_FALSE(logs.console);
    EXPECT_EQ(logs.tail_lines, 50U);
    EXPECT_EQ(std::get<LogsInFile>(logs_of("logs: {file: all.log}").target).file, "/srv/shop/all.log");
    EXPECT_EQ(logs_of("logs: {compress: true}").rotation.compression, Compression::gzip);
    EXPECT_THAT(logs_of("logs: {timestamps: true}").timestamps, Optional(std::string{"%Y-%m-%dT%H:%M:%S%z"}));
}

TEST(LogKeys, GoToTheDefaultPlaceWhereFilesAreMeantAndNoneIsNamed)
{
    EXPECT_TRUE(std::holds_alternative<LogsNowhere>(logs_of("").target));
    EXPECT_TRUE(std::holds_alternative<LogsNowhere>(logs_of("logs: {console: false}").target));
    EXPECT_EQ(std::get<LogsInDirectory>(logs_of("logs: {max_size: 1MiB}").target).directory, "");
    EXPECT_TRUE(std::get<LogsInDirectory>(logs_of("logs: {separate: true}").target).separate);
}

TEST(LogKeys, OfTheAppHoldForAllProcessesAndTheirOwnWin)
{
    const AppSpec app = parsed(R"(
logs: {directory: logs, max_size: 1MiB, compress: gzip}
log_length: 77
processes:
  a: {command: run}
  b: {command: run, logs: {max_size: 2MiB}}
  c: {command: run, log_location: /var/log/c.log}
  d: {command: run, logs: none}
)");
    EXPECT_EQ(std::get<LogsInDirectory>(app.processes[0].logs.target).directory, "/srv/shop/logs");
    EXPECT_EQ(app.processes[0].logs.tail_lines, 77U);
    EXPECT_EQ(app.processes[1].logs.rotation.max_size, 2U * 1024 * 1024);
    EXPECT_EQ(app.processes[1].logs.rotation.compression, Compression::gzip);
    EXPECT_EQ(std::get<LogsInFile>(app.processes[2].logs.target).file, "/var/log/c.log");
    EXPECT_TRUE(std::holds_alternative<LogsNowhere>(app.processes[3].logs.target));
}

TEST(LogKeys, OfProcessComposeAllLand)
{
    const AppSpec app = parsed_compose(R"(
log_location: all.log
log_configuration: {rotation: {max_size_mb: 1, max_age_days: 3, max_backups: 2, compress: true}, flush_each_line: true}
processes:
  a: {command: run}
  b:
    command: run
    log_configuration:
      {disable_json: true, add_timestamp: true, timestamp_format: '15:04', no_metadata: true, no_color: true}
  c: {command: run, log_configuration: {rotation: {directory: old, filename: c.log}}}
)")
                            .app;
    const LogSpec& unified = app.processes[0].logs;
    EXPECT_EQ(std::get<LogsInFile>(unified.target).file, "/srv/shop/all.log");
    EXPECT_EQ(unified.format, LogFormat::json);
    EXPECT_EQ(unified.rotation.max_size, 1024U * 1024);
    EXPECT_EQ(unified.rotation.max_age, 72h);
    EXPECT_EQ(unified.rotation.max_backups, 2U);
    EXPECT_EQ(unified.rotation.compression, Compression::gzip);
    EXPECT_FALSE(unified.timestamps.has_value());
    const LogSpec& own = app.processes[1].logs;
    EXPECT_EQ(own.format, LogFormat::text);
    EXPECT_THAT(own.timestamps, Optional(std::string{"%H:%M"}));
    EXPECT_FALSE(own.metadata);
    const LogSpec& rotated = app.processes[2].logs;
    EXPECT_EQ(std::get<LogsInFile>(rotated.target).file, "/srv/shop/old/c.log");
    EXPECT_EQ(rotated.rotation.max_size, 100U * 1024 * 1024);
    EXPECT_EQ(rotated.rotation.max_backups, 0U);
}

TEST(LogKeys, SayWhatIsWrong)
{
    struct Row {
        std::string text;
        std::string want;
    };

    for (const auto& [text, want] : {
             Row{"logs: here", "4:11: expected a map, or `none`, found `here`"},
             Row{"logs: {directory: a, file: b}", "4:26: `file` and `directory` (line 4) are the same setting"},
             Row{"logs: {compress: rar}", "4:22: expected `gzip`, `zstd`, `none`, `true` or `false`, found `rar`"},
             Row{"logs: {format: xml}", "4:20: expected `text` or `json`, found `xml`"},
             Row{"logs: {backups: 3}", "4:12: unknown key `backups`; did you mean `max_backups`?"},
             Row{"log_configuration: {rotation: {max_size_mb: 1MB}}",
                 "4:49: expected a whole number from 0 to 1000000, found `1MB`"},
             Row{"log_location: []", "4:19: expected text that is not empty, found a list"},
         })
        EXPECT_THAT(problems_of(with_process(text)), ElementsAre(want)) << text;
}

} // namespace
} // namespace pandora::procfiles
