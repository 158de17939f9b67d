#include "cluster/pool.hpp"

#include "cluster/diallers.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace rmqha::cluster {

/// One of the pool's connections: open, being dialled, or given up.
struct Pool::Slot final : amqp::Listener {
    Slot(Pool& its_pool, std::size_t its_number) : pool(its_pool), number(its_number) {}

    void on_blocked(std::string const& reason) override { pool.tell(PoolEvent::Kind::blocked, *this, reason); }
    void on_unblocked() override { pool.tell(PoolEvent::Kind::unblocked, *this, ""); }

    std::string node() const { return channel ? config::label(on) : std::string{}; }

    Pool& pool;
    std::size_t const number;
    config::Node on;
    std::unique_ptr<amqp::Channel> channel; ///< open when there is one
    bool dialling = false;
    bool given_up = false;
    std::optional<base::TimePoint> lost_at;
};

namespace {

/// What every other dial would fail with as well.
bool fails_everywhere(base::Error const& error)
{
    return error.code() == base::ExitCode::denied || error.code() == base::ExitCode::config ||
           error.code() == base::ExitCode::data;
}

} // namespace

std::string_view to_string(PoolEvent::Kind kind)
{
    switch (kind) {
    case PoolEvent::Kind::opened:
        return "opened";
    case PoolEvent::Kind::lost:
        return "lost";
    case PoolEvent::Kind::replaced:
        return "replaced";
    case PoolEvent::Kind::given_up:
        return "given_up";
    case PoolEvent::Kind::blocked:
        return "blocked";
    case PoolEvent::Kind::unblocked:
        return "unblocked";
    }
    return "";
}

Pool::Pool(Options const& options, World world)
    : m_world(std::move(world)),
      m_recorder(m_world.make_connector(m_never, {})),
      m_diallers(std::make_unique<Diallers>(m_world.make_connector, options.diallers))
{
    for (std::size_t i = 0; i < options.size; ++i) {
        m_slots.push_back(std::make_unique<Slot>(*this, i + 1));
    }
}

Pool::~Pool() = default;

void Pool::tell(PoolEvent::Kind kind, Slot const& slot, std::string const& text, std::optional<base::Duration> after)
{
    m_world.observer({.kind = kind,
                      .time = m_world.clock.wall(),
                      .number = slot.number,
                      .node = kind == PoolEvent::Kind::given_up ? std::string{} : config::label(slot.on),
                      .text = text,
                      .after = after,
                      .open = m_open});
}

/// Keeps the account of the time below the size; called after every change.
void Pool::changed()
{
    auto const now = m_world.clock.now();
    if (!m_tried_all && m_asked_all && m_dialling == 0) {
        m_tried_all = true;
    }
    if (m_below_since) {
        m_longest_below = std::max(m_longest_below, now - *m_below_since);
    }
    bool const below = m_tried_all && m_open < m_slots.size();
    m_below_since = below ? m_below_since.value_or(now) : std::optional<base::TimePoint>{};
}

void Pool::dial(Slot& slot)
{
    slot.dialling = true;
    ++m_dialling;
    m_diallers->wish(slot.number - 1);
}

void Pool::open(base::TimePoint until)
{
    if (m_dialling == 0 && m_open == 0 && !m_asked_all) {
        m_asked_all = m_slots.size() == 1;
        dial(*m_slots.front());
    }
    while (!m_tried_all && std::chrono::steady_clock::now() < until) {
        tend(until);
    }
}

void Pool::hold(base::TimePoint until)
{
    while (m_open + m_dialling > 0 && std::chrono::steady_clock::now() < until) {
        tend(until);
    }
    changed();
}

void Pool::tend(base::TimePoint until)
{
    std::vector<pollfd> waiting{{.fd = m_world.stop.fd(), .events = POLLIN, .revents = 0},
                                {.fd = m_diallers->fd(), .events = POLLIN, .revents = 0}};
    auto const before = waiting.size();
    std::vector<std::pair<Slot*, base::TimePoint>> served; // and when each is due
    for (auto const& slot : m_slots) {
        if (slot->channel) {
            auto const ready = slot->channel->readiness();
            waiting.push_back({.fd = ready.fd, .events = ready.events, .revents = 0});
            served.emplace_back(slot.get(), ready.until);
            until = std::min(until, ready.until);
        }
    }
    bool const any = ::poll(waiting.data(), waiting.size(), base::poll_timeout(until)) > 0;
    m_world.stop.throw_if_requested();
    take_dialled();
    auto const now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < served.size(); ++i) {
        if ((any && waiting[before + i].revents != 0) || served[i].second <= now) {
            pump(*served[i].first);
        }
    }
}

void Pool::pump(Slot& slot)
{
    try {
        while (slot.channel->pump({.deadline = base::TimePoint::min()})) {
        }
    } catch (amqp::Failure const& failure) {
        on_lost(slot, failure);
    }
}

void Pool::take_dialled()
{
    for (auto& dialled : m_diallers->take()) {
        if (dialled.bug) {
            std::rethrow_exception(dialled.bug);
        }
        auto& slot = *m_slots[dialled.number];
        slot.dialling = false;
        --m_dialling;
        if (dialled.error) {
            give_up(slot, *dialled.error);
            continue;
        }
        slot.on = dialled.attempt->node;
        slot.channel = std::move(dialled.attempt->channel);
        slot.channel->heed(m_world.stop);
        slot.channel->listen(&slot);
        ++m_open;
        auto const label = slot.node();
        m_recorded.erase(label);
        ++m_shares[label].open;
        ++m_shares[label].opened;
        if (auto const lost_at = std::exchange(slot.lost_at, std::nullopt)) {
            ++m_replaced;
            tell(PoolEvent::Kind::replaced, slot, dialled.why, m_world.clock.now() - *lost_at);
        } else {
            tell(PoolEvent::Kind::opened, slot, dialled.why);
        }
        if (!m_asked_all) {
            m_asked_all = true;
            for (std::size_t i = 1; i < m_slots.size(); ++i) {
                dial(*m_slots[i]);
            }
        }
        changed();
        pump(slot);
    }
}

void Pool::on_lost(Slot& slot, amqp::Failure const& failure)
{
    auto const label = slot.node();
    slot.channel.reset();
    slot.lost_at = m_world.clock.now();
    --m_open;
    ++m_lost;
    --m_shares[label].open;
    ++m_shares[label].lost;
    changed();
    if (m_recorded.insert(label).second) { // a node that dies takes many along; that is one failure of it
        m_recorder.lost(slot.on, failure);
    }
    tell(PoolEvent::Kind::lost, slot, failure.what());
    if (failure.retry() == amqp::Retry::never) {
        give_up(slot, failure);
    } else if (m_hopeless) {
        give_up(slot, *m_error);
    } else {
        dial(slot);
    }
}

void Pool::give_up(Slot& slot, base::Error const& error)
{
    slot.given_up = true;
    m_error = error;
    tell(PoolEvent::Kind::given_up, slot, error.what());
    if (fails_everywhere(error) || m_open == 0) {
        stop_dialling();
    }
    changed();
}

void Pool::stop_dialling()
{
    m_hopeless = true;
    for (auto const number : m_diallers->withdraw()) {
        m_slots[number]->dialling = false;
        --m_dialling;
    }
    for (auto const& slot : m_slots) {
        slot->given_up = slot->given_up || (!slot->channel && !slot->dialling);
    }
    m_asked_all = true;
}

PoolSummary Pool::summary() const
{
    PoolSummary summary{.size = m_slots.size(),
                        .open = m_open,
                        .dialling = m_dialling,
                        .lost = m_lost,
                        .replaced = m_replaced,
                        .longest_below = m_longest_below,
                        .nodes = m_shares};
    summary.given_up =
        static_cast<std::size_t>(std::ranges::count_if(m_slots, [](auto const& slot) { return slot->given_up; }));
    return summary;
}

void Pool::close() noexcept
{
    m_diallers.reset(); // calls them off: nobody waits for a node that is silent
    constexpr auto k_patience = base::milliseconds(200);
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    std::set<std::string> silent;
    for (auto const& slot : m_slots) {
        auto const start = std::chrono::steady_clock::now();
        if (slot->channel && !silent.contains(slot->node())) {
            slot->channel->close(std::min(end, start + k_patience));
            if (std::chrono::steady_clock::now() >= start + k_patience) {
                silent.insert(slot->node());
            }
        }
        slot->channel.reset();
    }
}

} // namespace rmqha::cluster
