#include "messaging/consumer.hpp"

#include "messaging/consume_run.hpp"

#include <utility>

namespace rmqha::messaging {

Consumer::Consumer(cluster::Connector& connector, ConsumeOptions const& options,
                   std::function<void(std::string const&)> note, base::Stop& stop)
    : m_run(std::make_unique<ConsumeRun>(connector, options, std::move(note), stop))
{
}

Consumer::~Consumer() = default;

void Consumer::run(Handler& handler)
{
    m_run->run(handler);
}

void Consumer::run(Sink const& sink)
{
    SinkHandler handler(sink);
    run(handler);
}

ConsumeSummary const& Consumer::summary() const noexcept
{
    return m_run->summary();
}

} // namespace rmqha::messaging
