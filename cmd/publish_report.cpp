#include "cmd/publish_report.hpp"

#include "base/units.hpp"
#include "output/json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

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

} // namespace rmqha::cmd
