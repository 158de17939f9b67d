#include "monitored.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rmqha::test {

using nlohmann::json;

base::Finished Monitored::status(Words const& options) const
{
    Words words{"--context", cluster.name(), "monitor", "status"};
    words.insert(words.end(), options.begin(), options.end());
    return run_rmqha(words);
}

json Monitored::json_until(std::function<bool(json const&)> const& wanted, Words const& options) const
{
    auto words = options;
    words.insert(words.end(), {"--format", "json"});
    json last;
    base::Finished answer;
    bool const came = wait_until(std::chrono::minutes(3), [&] {
        answer = status(words);
        last = json::parse(answer.output, nullptr, false);
        return last.is_object() && wanted(last);
    });
    INFO("still not as wanted after 3 minutes: " << answer.output << answer.errors);
    REQUIRE(came);
    return last;
}

bool has(json const& status, std::string const& code, std::string const& severity, std::string const& object)
{
    auto const& findings = status.at("findings");
    return std::any_of(findings.begin(), findings.end(), [&](auto const& finding) {
        return finding.at("code") == code && finding.at("severity") == severity &&
               (object.empty() || finding.at("object") == object);
    });
}

bool is_ok(json const& status)
{
    return status.at("state") == "OK";
}

} // namespace rmqha::test
