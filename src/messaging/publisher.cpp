#include "messaging/publisher.hpp"

#include "messaging/publish_run.hpp"

#include <utility>

namespace rmqha::messaging {

std::string_view to_string(Fate fate)
{
    switch (fate) {
    case Fate::confirmed:
        return "confirmed";
    case Fate::nacked:
        return "nacked";
    case Fate::returned:
        return "returned";
    case Fate::refused:
        return "refused";
    case Fate::unknown:
        break;
    }
    return "unknown";
}

Publisher::Publisher(cluster::Connector& connector, PublishOptions const& options, PublishObserver observer,
                     base::Stop& stop)
    : m_run(std::make_unique<PublishRun>(connector, options, std::move(observer), stop))
{
}

Publisher::~Publisher() = default;

void Publisher::run(Source& source, Checkpoint* checkpoint)
{
    m_run->run(source, checkpoint);
}

Ledger const& Publisher::ledger() const noexcept
{
    return m_run->ledger();
}

} // namespace rmqha::messaging
