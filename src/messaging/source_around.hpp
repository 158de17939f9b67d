#pragma once

#include "messaging/source.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace rmqha::messaging {

/// Another source, but for what a derived class does otherwise.
class SourceAround : public Source {
public:
    Next next(Message& into) override { return m_source->next(into); }
    bool left_over(Message& into) override { return m_source->left_over(into); }
    int fd() const noexcept override { return m_source->fd(); }
    std::optional<std::uint64_t> total() const override { return m_source->total(); }
    std::optional<Extent> extent() const override { return m_source->extent(); }
    bool at_end() const override { return m_source->at_end(); }
    Position position() const override { return m_source->position(); }
    bool skip_to(Position const& there) override { return m_source->skip_to(there); }

protected:
    explicit SourceAround(std::unique_ptr<Source> source) : m_source(std::move(source)) {}

private:
    std::unique_ptr<Source> m_source;
};

} // namespace rmqha::messaging
