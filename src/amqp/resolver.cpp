#include "amqp/resolver.hpp"

#include "amqp/failure.hpp"
#include "base/fd.hpp"
#include "base/wait.hpp"

#include <netdb.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

namespace rmqha::amqp {

namespace {

/// What the look-up thread and its caller share; the last of the two to leave frees it.
struct Lookup {
    std::string host;
    std::string service;
    base::Fd done{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::mutex mutex;
    int error = 0;
    std::vector<SocketAddress> addresses;
};

int look_up(Lookup& lookup, int flags)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    int const error = ::getaddrinfo(lookup.host.c_str(), lookup.service.c_str(), &hints, &found);
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(found, &::freeaddrinfo);
    std::lock_guard const lock(lookup.mutex);
    lookup.error = error;
    for (auto const* entry = found; entry != nullptr; entry = entry->ai_next) {
        SocketAddress address;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.length = entry->ai_addrlen;
        lookup.addresses.push_back(address);
    }
    return error;
}

std::vector<SocketAddress> take(Lookup& lookup)
{
    std::lock_guard const lock(lookup.mutex);
    if (lookup.error == 0 && !lookup.addresses.empty()) {
        return std::move(lookup.addresses);
    }
    if (lookup.error == EAI_AGAIN) {
        throw Failure(FailureKind::unknown_host, "host name cannot be looked up now (no answer from the name server)");
    }
    throw Failure(FailureKind::unknown_host, "host name unknown", 0,
                  "Check the spelling of the host in --node or --uri.");
}

} // namespace

std::string to_string(SocketAddress const& address)
{
    char host[NI_MAXHOST] = "";
    char service[NI_MAXSERV] = "";
    ::getnameinfo(reinterpret_cast<sockaddr const*>(&address.storage), address.length, host, sizeof host, service,
                  sizeof service, NI_NUMERICHOST | NI_NUMERICSERV);
    return address.storage.ss_family == AF_INET6 ? fmt::format("[{}]:{}", host, service)
                                                 : fmt::format("{}:{}", host, service);
}

std::vector<SocketAddress> resolve(std::string const& host, std::uint16_t port, base::TimePoint deadline,
                                   base::Stop const& stop)
{
    auto lookup = std::make_shared<Lookup>();
    lookup->host = host;
    lookup->service = std::to_string(port);
    if (look_up(*lookup, AI_NUMERICHOST | AI_NUMERICSERV) == 0) {
        return take(*lookup);
    }
    std::thread([lookup] {
        look_up(*lookup, AI_NUMERICSERV | AI_ADDRCONFIG);
        eventfd_write(lookup->done.get(), 1);
    }).detach();
    if (!base::wait_readable(lookup->done.get(), deadline, stop)) {
        throw Failure(FailureKind::timed_out, "looking up the host name timed out");
    }
    return take(*lookup);
}

} // namespace rmqha::amqp
