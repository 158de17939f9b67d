#pragma once

#include "base/fd.hpp"
#include "base/stop.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace rmqha::test {

/// One connection a ScriptedServer accepted, as its script sees it. Every wait ends after 10 s or when the server is
/// destroyed; what did not happen by then is a problem of the server. Used by the script's thread only.
class Peer {
public:
    Peer(base::Fd socket, base::Stop const& quit) : m_socket(std::move(socket)), m_quit(quit) {}

    void expect(std::string_view bytes);             ///< reads exactly these bytes
    std::string read_exactly(std::size_t count);     ///< reads that many bytes
    std::string read_until(std::string_view marker); ///< reads up to and including the marker
    void send(std::string_view bytes);               ///< sends all of it
    void send_bytewise(std::string_view bytes);      ///< one send and one packet per byte
    void stay_silent();                              ///< keeps the connection open, says nothing, until the end
    void wait_for_close();                           ///< until the other side closed; what it still sends is dropped
    void close() { m_socket.reset(); }               ///< FIN
    void reset();                                    ///< RST
    bool quitting() const noexcept { return m_quit.requested(); }

private:
    bool wait(short events);
    std::size_t read_some(char* data, std::size_t size);

    base::Fd m_socket;
    base::Stop const& m_quit;
    std::string m_ahead; ///< read, not yet asked for
};

/// A TCP server on 127.0.0.1 that plays one script per connection: the first connection gets the first script, and so
/// on; further ones get the last. Each runs on its own thread and its connection is closed when the script returns.
class ScriptedServer {
public:
    using Script = std::function<void(Peer&)>;

    explicit ScriptedServer(std::vector<Script> scripts);
    explicit ScriptedServer(Script script) : ScriptedServer(std::vector<Script>{std::move(script)}) {}
    ScriptedServer(ScriptedServer const&) = delete;
    ScriptedServer& operator=(ScriptedServer const&) = delete;
    ~ScriptedServer();

    std::uint16_t port() const noexcept { return m_port; }
    int connections() const noexcept { return m_connections; } ///< accepted so far
    /// What scripts expected and did not get, one line each; empty when all went as written.
    std::string problems() const;

private:
    void accept_all();
    void play(base::Fd socket, Script const& script);

    std::vector<Script> m_scripts;
    std::uint16_t m_port = 0;
    base::Fd m_listener; ///< opening it tells the port
    base::Stop m_quit;
    std::atomic<int> m_connections{0};
    mutable std::mutex m_mutex;
    std::string m_problems;
    std::vector<std::thread> m_players; ///< touched by the accepting thread, then by the destructor
    std::thread m_acceptor;
};

/// A port of 127.0.0.1 nobody listens on: connecting is refused at once.
std::uint16_t refusing_port();

/// A port of 127.0.0.1 that neither accepts nor refuses: connecting never ends, as with a host behind a firewall that
/// drops everything.
class BlackHole {
public:
    BlackHole();
    std::uint16_t port() const noexcept { return m_port; }

private:
    std::uint16_t m_port = 0;
    base::Fd m_listener;          ///< opening it tells the port
    std::vector<base::Fd> m_fill; ///< takes up the listener's queue, so that the system drops what comes after
};

} // namespace rmqha::test
