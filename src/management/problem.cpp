#include "management/problem.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace rmqha::management {
namespace {

Problem problem_of_fault(http::Fault const& fault)
{
    bool const silent = fault.kind == http::FaultKind::timed_out;
    return {silent ? Problem::Kind::silent : Problem::Kind::unreachable, fault.reason};
}

std::string text_of(nlohmann::json const& body, char const* key)
{
    auto const found = body.is_object() ? body.find(key) : body.end();
    return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Problem problem_of_401(nlohmann::json const& body)
{
    // RabbitMQ never answers 403. What tells is the spelling: not_authorized is a wrong user or password,
    // not_authorised a user without the tag or permission.
    std::string const reason = text_of(body, "reason");
    if (text_of(body, "error") != "not_authorised") {
        return {Problem::Kind::credentials, "user or password refused"};
    }
    if (reason == "Not management user") {
        return {Problem::Kind::permission, "user lacks the tag monitoring (has no management tag at all)"};
    }
    if (reason == "Not monitor user") {
        return {Problem::Kind::permission, "user lacks the tag monitoring"};
    }
    if (reason == "Not administrator user") {
        return {Problem::Kind::permission, "user lacks the tag administrator"};
    }
    return {Problem::Kind::permission, reason.empty() ? "user lacks a permission" : reason};
}

} // namespace

std::optional<Problem> problem_in(http::Result const& result, int also_fine)
{
    if (auto const* fault = std::get_if<http::Fault>(&result)) {
        return problem_of_fault(*fault);
    }
    auto const& response = std::get<http::Response>(result);
    if (response.status == 200 || response.status == also_fine) {
        return std::nullopt;
    }
    auto const body = nlohmann::json::parse(response.body, nullptr, false);
    if (response.status == 401) {
        return problem_of_401(body);
    }
    if (response.status == 404) {
        return Problem{Problem::Kind::not_supported, "this broker does not have it"};
    }
    std::string const reason = text_of(body, "reason");
    return Problem{Problem::Kind::failed, reason.empty() ? fmt::format("HTTP status {}", response.status) : reason};
}

} // namespace rmqha::management
