#include "cluster/diallers.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace rmqha::cluster {

Diallers::Diallers(MakeConnector const& make, int threads) : m_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    if (!m_event) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    try {
        start(make, threads);
    } catch (...) { // no thread to be had
        end();
        throw;
    }
}

void Diallers::start(MakeConnector const& make, int threads)
{
    for (int i = 0; i < threads; ++i) {
        auto& why = m_reasons.emplace_back();
        auto connector = make(m_stop, [&why](ConnectionEvent const& event) {
            if (event.kind == ConnectionEvent::Kind::connected) {
                why = event.text;
            }
        });
        m_threads.emplace_back([this, &why, mine = std::move(connector)]() mutable { run(std::move(mine), why); });
    }
}

Diallers::~Diallers()
{
    end();
}

void Diallers::end()
{
    m_stop.request();
    {
        std::lock_guard const lock(m_mutex);
        m_over = true;
    }
    m_changed.notify_all();
    for (auto& thread : m_threads) {
        thread.join();
    }
}

void Diallers::wish(std::size_t number)
{
    {
        std::lock_guard const lock(m_mutex);
        m_wishes.push_back(number);
    }
    m_changed.notify_one();
}

std::vector<std::size_t> Diallers::withdraw()
{
    std::lock_guard const lock(m_mutex);
    auto const wishes = std::exchange(m_wishes, {});
    return {wishes.begin(), wishes.end()};
}

std::vector<Dialled> Diallers::take()
{
    std::uint64_t count = 0;
    if (::read(m_event.get(), &count, sizeof count) < 0) {
        return {};
    }
    std::lock_guard const lock(m_mutex);
    return std::exchange(m_dialled, {});
}

void Diallers::hand_over(Dialled dialled)
{
    {
        std::lock_guard const lock(m_mutex);
        m_dialled.push_back(std::move(dialled));
    }
    std::uint64_t const one = 1;
    [[maybe_unused]] auto const written = ::write(m_event.get(), &one, sizeof one); // fails only beyond 2^64
}

void Diallers::run(Connector connector, std::string& why)
{
    for (;;) {
        Dialled dialled;
        {
            std::unique_lock lock(m_mutex);
            m_changed.wait(lock, [this] { return m_over || !m_wishes.empty(); });
            if (m_over) {
                return;
            }
            dialled.number = m_wishes.front();
            m_wishes.pop_front();
        }
        try {
            dialled.attempt = connector.connect(base::k_never);
            dialled.why = why;
        } catch (base::Interrupted const&) {
            return;
        } catch (base::Error const& error) {
            dialled.error = error;
        } catch (...) {
            dialled.bug = std::current_exception();
        }
        hand_over(std::move(dialled));
    }
}

} // namespace rmqha::cluster
