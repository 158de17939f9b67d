// nullsink: an AMQP 0-9-1 peer that takes messages, confirms them and throws them away, to measure what a client costs.
//
//   nullsink PORT
//
// It listens on 127.0.0.1:PORT, answers the handshake and what a publisher asks for, and, in confirm mode, sends one
// basic.ack (multiple) for each read() that ended at least one message. Each connection has a thread; when it closes,
// one line tells what came over it. Any login is right, any queue and exchange is there. It trusts its clients: it is
// no broker, and no test of one.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t method_id(std::uint16_t of_class, std::uint16_t method)
{
    return static_cast<std::uint32_t>(of_class) << 16U | method;
}

/// What is read and written, by class and method number of the specification.
constexpr auto k_start = method_id(10, 10);
constexpr auto k_start_ok = method_id(10, 11);
constexpr auto k_tune = method_id(10, 30);
constexpr auto k_tune_ok = method_id(10, 31);
constexpr auto k_open = method_id(10, 40);
constexpr auto k_open_ok = method_id(10, 41);
constexpr auto k_close = method_id(10, 50);
constexpr auto k_close_ok = method_id(10, 51);
constexpr auto k_channel_open = method_id(20, 10);
constexpr auto k_channel_open_ok = method_id(20, 11);
constexpr auto k_channel_close = method_id(20, 40);
constexpr auto k_channel_close_ok = method_id(20, 41);
constexpr auto k_publish = method_id(60, 40);
constexpr auto k_ack = method_id(60, 80);
constexpr auto k_confirm_select = method_id(85, 10);
constexpr auto k_confirm_select_ok = method_id(85, 11);

constexpr std::size_t k_frame_header = 7;
constexpr std::size_t k_frame_overhead = 8; ///< with the end mark
constexpr char k_frame_end = '\xCE';
enum FrameType : unsigned char { method = 1, header = 2, body = 3 };

template <typename Number>
Number number_at(char const* at)
{
    Number number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) {
        number = static_cast<Number>(number << 8U | static_cast<unsigned char>(at[i]));
    }
    return number;
}

/// Big-endian numbers and AMQP strings, one after the other.
class Bytes {
public:
    template <typename Number>
    Bytes& add(Number number)
    {
        for (std::size_t i = sizeof number; i-- > 0;) {
            m_text.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i)));
        }
        return *this;
    }
    Bytes& add_short(std::string_view text) { return add(static_cast<std::uint8_t>(text.size())).append(text); }
    Bytes& add_long(std::string_view text) { return add(static_cast<std::uint32_t>(text.size())).append(text); }
    Bytes& append(std::string_view text)
    {
        m_text += text;
        return *this;
    }
    std::string const& text() const { return m_text; }

private:
    std::string m_text;
};

std::string start_arguments()
{
    Bytes capabilities;
    for (auto const* const name : {"publisher_confirms", "basic.nack", "connection.blocked"}) {
        capabilities.add_short(name).append("t").add(std::uint8_t{1});
    }
    Bytes properties;
    properties.add_short("capabilities").append("F").add_long(capabilities.text());
    properties.add_short("product").append("S").add_long("nullsink");
    Bytes arguments;
    arguments.add(std::uint8_t{0}).add(std::uint8_t{9}); // the protocol's version
    return arguments.add_long(properties.text()).add_long("PLAIN").add_long("en_US").text();
}

/// One client, from its connection to its end.
class Client {
public:
    explicit Client(int socket) : m_socket(socket), m_buffer(1U << 20U)
    {
        int const on = 1;
        ::setsockopt(m_socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Client(Client const&) = delete;
    Client& operator=(Client const&) = delete;
    ~Client() { ::close(m_socket); }

    void serve()
    {
        constexpr std::size_t k_protocol_header = 8; // "AMQP" and the version
        while (m_filled < k_protocol_header) {
            if (!fill()) {
                return;
            }
        }
        m_filled -= k_protocol_header;
        std::memmove(m_buffer.data(), m_buffer.data() + k_protocol_header, m_filled);
        send(0, k_start, start_arguments());
        do {
            take_frames();
            confirm();
        } while (!m_over && fill());
        if (m_messages > 0) {
            tell();
        }
    }

private:
    bool fill()
    {
        auto const got = ::read(m_socket, m_buffer.data() + m_filled, m_buffer.size() - m_filled);
        if (got <= 0) {
            return false;
        }
        ++m_reads;
        m_filled += static_cast<std::size_t>(got);
        return true;
    }

    void take_frames()
    {
        std::size_t at = 0;
        while (!m_over && m_filled - at >= k_frame_overhead) {
            auto const size = number_at<std::uint32_t>(&m_buffer[at + 3]);
            if (m_filled - at < size + k_frame_overhead) {
                break;
            }
            auto const* const payload = &m_buffer[at + k_frame_header];
            if (payload[size] != k_frame_end) {
                std::fprintf(stderr, "nullsink: a frame of type %d and size %u has no end\n", m_buffer[at], size);
                m_over = true;
            } else {
                take(static_cast<FrameType>(m_buffer[at]), number_at<std::uint16_t>(&m_buffer[at + 1]), payload, size);
            }
            at += size + k_frame_overhead;
        }
        m_filled -= at;
        std::memmove(m_buffer.data(), m_buffer.data() + at, m_filled);
    }

    void take(FrameType type, std::uint16_t channel, char const* payload, std::size_t size)
    {
        if (type == FrameType::method) {
            answer(channel, number_at<std::uint32_t>(payload));
        } else if (type == FrameType::header) {
            m_missing = number_at<std::uint64_t>(payload + 4);
            count(channel);
        } else if (type == FrameType::body) {
            m_missing -= size;
            count(channel);
        } // else a heartbeat
    }

    /// A message is whole once nothing of its body is missing.
    void count(std::uint16_t channel)
    {
        if (m_missing == 0) {
            m_first = m_messages++ == 0 ? Clock::now() : m_first;
            m_confirming_channel = channel;
        }
    }

    void answer(std::uint16_t channel, std::uint32_t asked)
    {
        switch (asked) {
        case k_publish:
        case k_tune_ok:
        case k_channel_close_ok:
            break;
        case k_start_ok:
            send(0, k_tune, Bytes().add(std::uint16_t{2047}).add(std::uint32_t{131072}).add(std::uint16_t{0}).text());
            break;
        case k_open:
            send(0, k_open_ok, std::string(1, '\0'));
            break;
        case k_close:
            send(0, k_close_ok, {});
            m_over = true;
            break;
        case k_close_ok:
            m_over = true;
            break;
        case k_channel_open:
            m_confirms = false;
            send(channel, k_channel_open_ok, std::string(4, '\0'));
            break;
        case k_channel_close:
            send(channel, k_channel_close_ok, {});
            break;
        case k_confirm_select:
            m_confirms = true;
            m_confirmed = m_messages;
            m_tag_base = m_messages;
            send(channel, k_confirm_select_ok, {});
            break;
        default:
            std::fprintf(stderr, "nullsink: no answer to method %u.%u\n", asked >> 16U, asked & 0xFFFFU);
            m_over = true;
        }
    }

    void confirm()
    {
        if (m_confirms && m_messages > m_confirmed) {
            m_confirmed = m_messages;
            ++m_acks;
            send(m_confirming_channel, k_ack, Bytes().add(m_messages - m_tag_base).add(std::uint8_t{1}).text());
        }
        m_last = Clock::now();
    }

    void send(std::uint16_t channel, std::uint32_t method, std::string const& arguments)
    {
        Bytes frame;
        frame.add(static_cast<std::uint8_t>(FrameType::method)).add(channel);
        frame.add(static_cast<std::uint32_t>(sizeof method + arguments.size())).add(method).append(arguments);
        frame.append({&k_frame_end, 1});
        std::string_view left = frame.text();
        while (!left.empty()) {
            auto const sent = ::send(m_socket, left.data(), left.size(), MSG_NOSIGNAL);
            if (sent < 0) {
                m_over = true;
                return;
            }
            left.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void tell() const
    {
        rusage used{};
        ::getrusage(RUSAGE_THREAD, &used);
        auto const seconds = std::chrono::duration<double>(m_last - m_first).count();
        auto const seconds_of = [](timeval const& time) {
            return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
        };
        std::printf("%lu messages in %.3f s, %lu reads, %lu acks, sink cpu %.2f s\n", m_messages, seconds, m_reads,
                    m_acks, seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
        std::fflush(stdout);
    }

    int const m_socket;
    std::vector<char> m_buffer; ///< more than the largest frame agreed on
    std::size_t m_filled = 0;
    bool m_over = false;
    bool m_confirms = false;
    std::uint64_t m_missing = 0; ///< of the current message's body
    std::uint64_t m_messages = 0;
    std::uint64_t m_tag_base = 0; ///< messages before the confirms were switched on
    std::uint64_t m_confirmed = 0;
    std::uint16_t m_confirming_channel = 1;
    std::uint64_t m_reads = 0;
    std::uint64_t m_acks = 0;
    Clock::time_point m_first{};
    Clock::time_point m_last{};
};

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: nullsink PORT\n", stderr);
        return 64;
    }
    int const listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int const on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 64) != 0) {
        std::perror("nullsink: cannot listen");
        return 1;
    }
    for (;;) {
        if (int const client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC); client >= 0) {
            std::thread([client] { Client(client).serve(); }).detach();
        }
    }
}
