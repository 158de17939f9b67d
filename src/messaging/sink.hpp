#pragma once

#include "messaging/handler.hpp"

#include <functional>
#include <optional>

namespace rmqha::messaging {

/// Where messages are written to. All may throw; then nothing since the last complete flush is acknowledged.
struct Sink {
    std::function<void(amqp::Delivery const&)> take;
    std::function<bool()> flush; ///< everything taken is safe; false: nobody wants more (a closed pipe)
    /// For a flush that does not wait: the bytes it had to leave, 0 when all is safe after all.
    std::function<std::size_t()> unwritten = {};
    std::function<pollfd()> room = {}; ///< for what to poll while there are such
};

/// Writes messages out as they come. They have their verdict, `outcome`, once they are flushed.
class SinkHandler final : public Handler {
public:
    explicit SinkHandler(Sink sink, Outcome outcome = Outcome::acknowledge);

    void take(amqp::Delivery&& delivery) override;
    bool advance(std::span<pollfd const> waits, std::vector<Verdict>& verdicts) override;
    void add_waits(std::vector<pollfd>& waits) const override;
    bool busy() const override;
    std::size_t held() const override;
    void forget() override { m_taken = 0; }
    void wind_down(base::TimePoint /*until*/) override { m_winding_down = true; }

private:
    Sink const m_sink;
    Outcome const m_outcome;
    std::uint64_t m_last = 0;  ///< tag
    std::uint64_t m_taken = 0; ///< without a verdict
    bool m_unflushed = false;
    bool m_winding_down = false;
};

} // namespace rmqha::messaging
