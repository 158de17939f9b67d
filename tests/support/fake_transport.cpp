#include "support/fake_transport.hpp"

#include "base/stop.hpp"

namespace rmqha::test {
namespace {

std::string target_of(std::string const& url)
{
    auto const host = url.find("://");
    auto const path = host == std::string::npos ? host : url.find('/', host + 3);
    return path == std::string::npos ? "/" : url.substr(path);
}

} // namespace

void FakeTransport::answer(std::string const& method, std::string const& target, http::Result result)
{
    m_answers.insert_or_assign({method, target}, std::move(result));
}

void FakeTransport::answer(std::string const& target, int status, std::string body)
{
    answer("GET", target, http::Response{status, std::move(body), base::milliseconds(2)});
}

void FakeTransport::fault(std::string const& target, http::FaultKind kind, std::string reason)
{
    answer("GET", target, http::Fault{kind, std::move(reason), base::milliseconds(3)});
}

std::vector<http::Result> FakeTransport::perform(std::vector<http::Request> const& requests, base::TimePoint,
                                                 base::Stop const& stop)
{
    stop.throw_if_requested();
    ++m_calls;
    std::vector<http::Result> results;
    for (http::Request const& request : requests) {
        m_asked.push_back(request);
        auto found = m_answers.find({request.method, request.url});
        if (found == m_answers.end()) {
            found = m_answers.find({request.method, target_of(request.url)});
        }
        results.push_back(found != m_answers.end()
                              ? found->second
                              : http::Response{404, R"({"error":"Object Not Found","reason":"Not Found"})", {}});
    }
    return results;
}

} // namespace rmqha::test
