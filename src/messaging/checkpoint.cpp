#include "messaging/checkpoint.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rmqha::messaging {

Checkpoint::Checkpoint(CheckpointOptions options)
    : m_options(std::move(options)),
      m_file(m_options.path, {.run = base::random_name(), .target = m_options.target, .position = {}}),
      m_prefix(m_file.record().position, m_options.window)
{
}

void Checkpoint::resume(Source& source, base::Stop const& stop, base::TimePoint deadline) const
{
    try {
        while (!source.skip_to(record().position)) {
            if (!base::wait_readable(source.fd(), deadline, stop)) {
                base::fail(base::ExitCode::timeout, "the deadline passed while the part of the input that is done was "
                                                    "passed over");
            }
        }
    } catch (base::Error const& error) {
        if (error.code() != base::ExitCode::data) {
            throw;
        }
        throw base::Error(error.code(), fmt::format("cannot go on after \"{}\": {}", m_file.path(), error.what()),
                          fmt::format("Give the same input as before, or remove \"{}\" to start over.", m_file.path()));
    }
}

void Checkpoint::settled(std::uint64_t number, bool confirmed)
{
    m_prefix.settled(number, confirmed || m_options.keep_failed != nullptr);
}

void Checkpoint::save_if_due(base::TimePoint now)
{
    constexpr auto k_interval = std::chrono::seconds(1);
    auto const enough = std::max<std::size_t>(m_options.window / 2, 1);
    if (m_prefix.unrecorded() >= enough || (m_prefix.unrecorded() > 0 && now - m_saved_at >= k_interval)) {
        save(false);
        m_saved_at = now;
    }
}

void Checkpoint::save(bool input_ended)
{
    bool const complete = input_ended && m_prefix.whole();
    if (m_given_up || (m_prefix.unrecorded() == 0 && complete == record().complete)) {
        return;
    }
    m_given_up = true; // unless all of this succeeds
    if (m_options.keep_failed) {
        m_options.keep_failed();
    }
    m_file.write(m_prefix.reached(), complete);
    m_prefix.recorded();
    m_given_up = false;
}

} // namespace rmqha::messaging
