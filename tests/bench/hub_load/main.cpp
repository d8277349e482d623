/// Loads a message hub and tells what came of it, as one JSON object on standard output.
///
/// Usage: hub_load calls TRANSPORT ADDRESS SECONDS BROKER_PIDS BYTES IN_FLIGHT
///        hub_load events TRANSPORT ADDRESS SECONDS BROKER_PIDS BYTES IN_FLIGHT SUBSCRIBERS
/// BROKER_PIDS: separated by commas; may be empty. Ends with 3 where the hub takes no such load, with 1 if anything
/// fails.
#include "tests/bench/hub_load/load.hpp"

#include <cstdio>
#include <exception>
#include <sstream>

namespace {

using namespace pandora::bench::hub_load;

std::vector<pid_t> pids_of(const std::string& list)
{
    std::vector<pid_t> pids;
    std::istringstream words{list};
    for (std::string word; std::getline(words, word, ',');) pids.push_back(static_cast<pid_t>(std::stoi(word)));
    return pids;
}

void print_calls(Transport& transport, const Load& load)
{
    const CallFigures figures = measure_calls(transport, load);
    std::printf("{\"calls_per_second\": %.1f, \"p50_us\": %.3f, \"p99_us\": %.3f, \"cpu_us\": %.4f}\n",
                figures.calls_per_second, figures.p50_us, figures.p99_us, figures.broker_us_per_call);
}

void print_events(Transport& transport, const Load& load)
{
    const EventFigures figures = measure_events(transport, load);
    std::printf("{\"deliveries_per_second\": %.1f, \"cpu_us\": %.4f}\n", figures.deliveries_per_second,
                figures.broker_us_per_delivery);
}

int run(const std::vector<std::string>& words)
{
    const bool events = words.size() == 8 && words[0] == "events";
    if (!events && !(words.size() == 7 && words[0] == "calls")) return 2;
    Load load;
    load.lasts = std::chrono::duration<double>{std::stod(words[3])};
    load.broker = pids_of(words[4]);
    load.payload_bytes = std::max<std::size_t>(std::stoul(words[5]), id_digits);
    load.in_flight = std::max(1U, static_cast<unsigned>(std::stoul(words[6])));
    if (events) load.subscribers = static_cast<unsigned>(std::stoul(words[7]));
    const auto transport = make_transport(words[1], words[2]);
    if (events)
        print_events(*transport, load);
    else
        print_calls(*transport, load);
    return 0;
}

} // namespace

int main(int count, char** words)
{
    const std::vector<std::string> arguments{words + 1, words + count};
    try {
        return run(arguments);
    } catch (const Refused& refusal) {
        std::fprintf(stderr, "hub_load: %s\n", refusal.what());
        return 3;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "hub_load: %s\n", failure.what());
        return 1;
    }
}
