#pragma once

// Internal to src/cluster.

#include "base/fd.hpp"
#include "base/stop.hpp"
#include "cluster/connector.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace rmqha::cluster {

/// What came of one wish: a connected attempt, or why there is none.
struct Dialled {
    std::size_t number = 0;
    std::optional<Attempt> attempt;
    std::string why; ///< why this node
    std::optional<base::Error> error;
    std::exception_ptr bug; ///< neither: to be thrown on
};

/// Threads that connect, each with a Connector of its own, for one other thread that must not wait: it wishes, polls
/// fd(), and takes. The methods are for that thread alone. The threads are called off and joined when this goes away.
class Diallers {
public:
    using MakeConnector = std::function<Connector(base::Stop&, Observer)>;

    /// Calls `make` for each thread, before it starts.
    Diallers(MakeConnector const& make, int threads);
    Diallers(Diallers const&) = delete;
    Diallers& operator=(Diallers const&) = delete;
    ~Diallers();

    /// Asks for one connection; `number` comes back with it.
    void wish(std::size_t number);
    /// Withdraws the wishes no thread has begun with; their numbers.
    std::vector<std::size_t> withdraw();
    /// What has come since; never waits.
    std::vector<Dialled> take();
    int fd() const noexcept { return m_event.get(); } ///< readable when there is something to take

private:
    void start(MakeConnector const& make, int threads);
    void end();
    void run(Connector connector, std::string& why);
    void hand_over(Dialled dialled);

    base::Fd m_event;
    base::Stop m_stop;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<std::size_t> m_wishes;
    std::vector<Dialled> m_dialled;
    bool m_over = false;
    std::deque<std::string> m_reasons; ///< of the last connection, one for each thread and touched by it alone
    std::vector<std::thread> m_threads;
};

} // namespace rmqha::cluster
