#include "provision/probe.hpp"

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/stop.hpp"
#include "http/transport.hpp"

#include <fmt/core.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace rmqha::provision {

namespace {

/// One question to one port: connects, sends the header, reads the first method.
class Question {
public:
    explicit Question(std::uint16_t port) : m_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(m_fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0 &&
            errno != EINPROGRESS) {
            m_fd.reset();
        }
    }

    bool answered() const { return m_answered; }
    pollfd interest() const
    {
        return {.fd = m_fd ? m_fd.get() : -1, .events = static_cast<short>(m_sent ? POLLIN : POLLOUT), .revents = 0};
    }

    void advance()
    {
        bool const goes_on = m_sent ? receive() : send();
        if (!goes_on) {
            m_fd.reset();
        }
    }

private:
    bool send()
    {
        constexpr std::string_view k_header("AMQP\0\0\x09\x01", 8);
        m_sent =
            ::send(m_fd.get(), k_header.data(), k_header.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(k_header.size());
        return m_sent;
    }

    bool receive()
    {
        // A method frame (1) on channel 0; after its length of four bytes, class 10 and method 10: connection.start.
        constexpr std::string_view k_frame("\x01\0\0", 3);
        constexpr std::string_view k_method("\0\x0a\0\x0a", 4);
        char buffer[64];
        auto const got = ::recv(m_fd.get(), buffer, sizeof buffer, 0);
        if (got <= 0) {
            return got < 0 && errno == EAGAIN;
        }
        m_received.append(buffer, static_cast<std::size_t>(got));
        if (m_received.size() < 11) {
            return true;
        }
        m_answered = m_received.starts_with(k_frame) && m_received.compare(7, 4, k_method) == 0;
        return false;
    }

    base::Fd m_fd;
    std::string m_received;
    bool m_sent = false;
    bool m_answered = false;
};

} // namespace

std::vector<bool> amqp_answers(std::vector<LocalNode> const& nodes, base::TimePoint deadline, base::Stop const& stop)
{
    std::vector<Question> questions;
    for (auto const& node : nodes) {
        questions.emplace_back(node.ports.amqp);
    }
    for (;;) {
        stop.throw_if_requested();
        std::vector<pollfd> waiting{{.fd = stop.fd(), .events = POLLIN, .revents = 0}};
        std::ranges::transform(questions, std::back_inserter(waiting), &Question::interest);
        bool const open = std::any_of(waiting.begin() + 1, waiting.end(), [](auto const& one) { return one.fd >= 0; });
        auto const timeout = base::poll_timeout(deadline);
        if (!open || timeout == 0) {
            break;
        }
        ::poll(waiting.data(), waiting.size(), timeout);
        for (std::size_t i = 0; i < questions.size(); ++i) {
            if (waiting[i + 1].fd >= 0 && waiting[i + 1].revents != 0) {
                questions[i].advance();
            }
        }
    }
    std::vector<bool> answers;
    std::ranges::transform(questions, std::back_inserter(answers), &Question::answered);
    return answers;
}

int running_in(std::string const& body)
{
    auto const json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_array()) {
        return -1;
    }
    return static_cast<int>(std::ranges::count_if(json, [](auto const& node) {
        return node.is_object() && node.contains("running") && node["running"] == true;
    }));
}

std::vector<int> running_seen_by(LocalCluster const& cluster, http::Transport& transport, base::TimePoint deadline,
                                 base::Stop const& stop)
{
    auto password = base::read_file(cluster.folder / k_password_file).value_or("");
    password.erase(password.find_last_not_of('\n') + 1);
    std::vector<http::Request> requests;
    for (auto const& node : cluster.nodes) {
        http::Request request;
        request.url = fmt::format("http://127.0.0.1:{}/api/nodes?columns=name,running", node.ports.management);
        request.credentials = {k_user, password, false};
        requests.push_back(std::move(request));
    }
    std::vector<int> seen;
    for (auto const& result : transport.perform(requests, deadline, stop)) {
        auto const* const response = std::get_if<http::Response>(&result);
        seen.push_back(response != nullptr && response->status == 200 ? running_in(response->body) : -1);
    }
    return seen;
}

} // namespace rmqha::provision
