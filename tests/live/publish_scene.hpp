#pragma once

#include "base/process.hpp"
#include "support/brokers.hpp"
#include "support/live_queue.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace rmqha::test {

using Bodies = std::vector<std::string>;
using Arguments = std::vector<std::string>;

/// A queue of the cluster under test, and a folder for what fails on the way to it.
struct PublishScene {
    LiveCluster cluster;
    TemporaryQueue queue{cluster, "failed"};
    TemporaryFolder folder;
    std::string failed = (folder / "failed.ndjson").string();
    Arguments common; ///< in front of each command's arguments

    base::Finished rmqha(Arguments arguments, Arguments const& environment = {}) const;
    void declare(Arguments const& options = {}) const;
    /// The path of a file with this content.
    std::string file(std::string const& name, std::string const& content) const;
    /// Publishes so that what fails is kept; JSON in the output.
    base::Finished publish(Arguments const& options, Arguments const& environment = {}) const;
    /// Publishes what failed, now that the cause is gone; all must be confirmed.
    void publish_failed(Arguments const& environment = {}) const;

    std::vector<nlohmann::json> envelopes() const; ///< of what failed
    Bodies failed_bodies(std::string const& fate) const;
    /// All the queue holds, which must be `count` messages.
    std::vector<amqp::Delivery> take(std::size_t count) const;
    Bodies take_bodies(std::size_t count) const;
};

/// Node 1 refuses messages above `bytes`; the default holds again at the end.
class SmallMessages {
public:
    SmallMessages(LiveCluster& cluster, int bytes);
    SmallMessages(SmallMessages const&) = delete;
    SmallMessages& operator=(SmallMessages const&) = delete;
    ~SmallMessages();

    void restore();

private:
    void set(int bytes);

    LiveCluster& m_cluster;
    bool m_restored = false;
};

/// A user, password "secret", who may do nothing in vhost "/" but what is allowed.
class TemporaryUser {
public:
    explicit TemporaryUser(LiveCluster& cluster);
    TemporaryUser(TemporaryUser const&) = delete;
    TemporaryUser& operator=(TemporaryUser const&) = delete;
    ~TemporaryUser();

    /// To write to the exchanges that match the regular expression.
    void allow_writing(std::string const& pattern);
    std::string const& name() const { return m_name; }

private:
    LiveCluster& m_cluster;
    std::string m_name;
};

} // namespace rmqha::test
