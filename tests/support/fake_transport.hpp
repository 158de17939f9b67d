#pragma once

#include "http/transport.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rmqha::test {

/// Answers from memory. What was not recorded is answered 404 as RabbitMQ does. Not thread-safe.
class FakeTransport final : public http::Transport {
public:
    /// `target` is everything after "http://host:port" ("/api/whoami"), or the whole URL to answer for one node only;
    /// the whole URL has precedence.
    void answer(std::string const& method, std::string const& target, http::Result result);
    void answer(std::string const& target, int status, std::string body);
    void fault(std::string const& target, http::FaultKind kind, std::string reason);

    std::vector<http::Result> perform(std::vector<http::Request> const& requests, base::TimePoint deadline,
                                      base::Stop const& stop) override;

    std::vector<http::Request> const& asked() const noexcept { return m_asked; } ///< every request, in order
    int calls() const noexcept { return m_calls; }                               ///< how often perform was called

private:
    std::map<std::pair<std::string, std::string>, http::Result> m_answers;
    std::vector<http::Request> m_asked;
    int m_calls = 0;
};

} // namespace rmqha::test
