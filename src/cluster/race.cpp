#include "cluster/race.hpp"

#include "base/stop.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace rmqha::cluster {

namespace {

/// Threads that each dial one node, and what they found. Joined, at once, when this goes away.
class Race {
public:
    Race(std::vector<Candidate> const& candidates, Dial const& dial, base::TimePoint deadline)
        : m_attempts(candidates.size())
    {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            m_attempts[i].node = candidates[i].node;
            m_threads.emplace_back([this, &dial, deadline, i] { run(i, dial, deadline); });
        }
    }
    Race(Race const&) = delete;
    Race& operator=(Race const&) = delete;
    ~Race() { finish(); }

    /// Waits until all are done, `until`, or a stop; `first_only`: until one has connected.
    void wait(base::TimePoint until, base::Stop const& stop, bool first_only)
    {
        std::unique_lock lock(m_mutex);
        auto const done = [&] {
            return m_error || m_done == m_attempts.size() || (first_only && m_connected > 0) || stop.requested();
        };
        // The user's stop has no way to wake a condition variable: look for it every few milliseconds.
        while (!done() && std::chrono::steady_clock::now() < until) {
            m_changed.wait_until(lock,
                                 std::min(until, std::chrono::steady_clock::now() + std::chrono::milliseconds(20)));
        }
    }

    bool any_connected()
    {
        std::lock_guard const lock(m_mutex);
        return m_connected > 0;
    }

    std::vector<Attempt> take(base::Stop const& stop)
    {
        finish();
        if (m_error) {
            std::rethrow_exception(m_error);
        }
        stop.throw_if_requested();
        for (auto& attempt : m_attempts) {
            if (attempt.channel) {
                attempt.channel->heed(stop);
            }
        }
        return std::move(m_attempts);
    }

private:
    void run(std::size_t i, Dial const& dial, base::TimePoint deadline)
    {
        Attempt attempt{.node = m_attempts[i].node};
        std::exception_ptr error;
        try {
            attempt = dial(attempt.node, deadline, m_stop);
        } catch (base::Interrupted const&) { // called off: neither connected nor failed
        } catch (...) {
            error = std::current_exception();
        }
        std::lock_guard const lock(m_mutex);
        ++m_done;
        m_connected += attempt.channel ? 1U : 0U;
        m_attempts[i] = std::move(attempt);
        m_error = m_error ? m_error : error;
        m_changed.notify_all();
    }

    void finish()
    {
        m_stop.request();
        for (auto& thread : m_threads) {
            thread.join();
        }
        m_threads.clear();
    }

    base::Stop m_stop;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::size_t m_done = 0;
    std::size_t m_connected = 0;
    std::exception_ptr m_error;
    std::vector<Attempt> m_attempts;
    std::vector<std::thread> m_threads;
};

std::optional<base::Duration> login_time(Attempt const& attempt)
{
    return attempt.channel ? attempt.timings.login : std::nullopt;
}

} // namespace

std::vector<Attempt> try_all(std::vector<Candidate> const& candidates, Dial const& dial, base::TimePoint deadline,
                             base::Stop const& stop)
{
    Race race(candidates, dial, deadline);
    race.wait(base::k_never, stop, false); // each dial ends at the deadline by itself
    return race.take(stop);
}

std::vector<Attempt> race(std::vector<Candidate> const& candidates, Dial const& dial, FiguresSource const& figures,
                          base::TimePoint deadline, base::Stop const& stop)
{
    auto const started = std::chrono::steady_clock::now();
    Race race(candidates, dial, deadline);
    race.wait(base::k_never, stop, true);
    auto const now = std::chrono::steady_clock::now();
    auto const until =
        std::min(deadline, now + std::max<base::Duration>(std::chrono::milliseconds(50), 2 * (now - started)));
    std::map<std::string, NodeFigures> known;
    if (figures && race.any_connected() && !stop.requested()) {
        known = figures(until, stop); // the logins go on meanwhile
    }
    race.wait(until, stop, false);
    auto attempts = race.take(stop);
    score(attempts, known);
    return attempts;
}

void score(std::vector<Attempt>& attempts, std::map<std::string, NodeFigures> const& figures)
{
    std::optional<base::Duration> best;
    for (auto const& attempt : attempts) {
        if (auto const time = login_time(attempt); time && (!best || *time < *best)) {
            best = time;
        }
    }
    for (auto& attempt : attempts) {
        auto const found = figures.find(config::label(attempt.node));
        auto node = found != figures.end() ? found->second : NodeFigures{};
        node.up = attempt.channel != nullptr;
        node.latency = login_time(attempt);
        attempt.score = node_score(node, best);
    }
}

} // namespace rmqha::cluster
