#include "cmd/publish_report.hpp"

#include "base/units.hpp"
#include "output/json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace rmqha::cmd {

std::string summary(messaging::Ledger const& ledger)
{
    std::string text;
    auto const add = [&](std::uint64_t count, std::string_view what, bool always = false) {
        if (count > 0 || always) {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", base::format_count(count), what);
        }
    };
    add(ledger.unconfirmed, "sent without confirms");
    add(ledger.confirmed, "confirmed", ledger.unconfirmed == 0);
    add(ledger.nacked, "nacked");
    add(ledger.returned, "returned");
    add(ledger.refused, "refused");
    add(ledger.unknown, "unknown");
    text += fmt::format(" of {} in {}", base::format_count(ledger.read), base::format_duration(ledger.elapsed));
    add(ledger.resent, "resent");
    add(ledger.maybe_duplicate, "perhaps duplicated");
    add(ledger.reconnects, ledger.reconnects == 1 ? "reconnect" : "reconnects");
    if (ledger.before > 0) {
        text += fmt::format(", continued after {} done before", base::format_count(ledger.before));
    }
    return text + "\n";
}

std::string ledger_json(messaging::Ledger const& ledger, bool indented)
{
    auto const ms = [](base::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
    nlohmann::ordered_json result = {{"schema_version", 1},
                                     {"done_before", ledger.before},
                                     {"read", ledger.read},
                                     {"confirmed", ledger.confirmed},
                                     {"nacked", ledger.nacked},
                                     {"returned", ledger.returned},
                                     {"refused", ledger.refused},
                                     {"unknown", ledger.unknown},
                                     {"unconfirmed", ledger.unconfirmed},
                                     {"resent", ledger.resent},
                                     {"maybe_duplicate", ledger.maybe_duplicate},
                                     {"reconnects", ledger.reconnects},
                                     {"elapsed_ms", ms(ledger.elapsed)},
                                     {"blocked_ms", ms(ledger.blocked)},
                                     {"longest_silence_ms", ms(ledger.longest_silence)}};
    result["first_failure"] =
        ledger.first_failure.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(ledger.first_failure);
    return output::to_text(result, indented);
}

std::string progress_line(messaging::Ledger const& ledger, std::optional<std::uint64_t> total, std::size_t in_flight,
                          std::string const& node)
{
    auto const done = ledger.confirmed + ledger.unconfirmed + ledger.failed();
    auto const seconds = std::max(std::chrono::duration<double>(ledger.elapsed).count(), 1e-3);
    auto const rate = static_cast<double>(done) / seconds;
    auto line = base::format_count(done);
    if (total && *total > 0) {
        line += fmt::format(" of {} ({}%)", base::format_count(*total), done * 100 / *total);
    }
    line +=
        fmt::format(", {}/s, {} under way, {}", base::format_count(static_cast<std::uint64_t>(rate)), in_flight, node);
    if (ledger.reconnects > 0) {
        line += fmt::format(", {} reconnect{}", ledger.reconnects, ledger.reconnects == 1 ? "" : "s");
    }
    if (total && *total > done && rate > 0) {
        auto const left = std::chrono::duration<double>(static_cast<double>(*total - done) / rate);
        line += fmt::format(", {} left", base::format_duration(std::chrono::duration_cast<base::Duration>(left)));
    }
    return line;
}

} // namespace rmqha::cmd
