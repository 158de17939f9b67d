#include "base/error.hpp"
#include "base/stop.hpp"
#include "base/units.hpp"
#include "http/curl_certificate.hpp"
#include "http/curl_fault.hpp"
#include "http/transport.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace rmqha::http {
namespace {

constexpr std::size_t k_body_limit = 256U << 20U;

struct FreeEasy {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct FreeMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
struct FreeUrl {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using Multi = std::unique_ptr<CURLM, FreeMulti>;
using List = std::unique_ptr<curl_slist, FreeList>;

void append(List& list, std::string const& line)
{
    list.reset(curl_slist_append(list.release(), line.c_str()));
}

std::string url_part(CURLU* url, CURLUPart part, unsigned flags = 0)
{
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) {
        return {};
    }
    std::string copy(text);
    curl_free(text);
    return copy;
}

std::size_t take_body(char const* data, std::size_t size, std::size_t count, void* body)
{
    auto& text = *static_cast<std::string*>(body);
    if (text.size() + size * count > k_body_limit) {
        return 0; // ends the transfer with CURLE_WRITE_ERROR
    }
    text.append(data, size * count);
    return size * count;
}

/// One request on its way. Stays where it is: curl holds pointers into it.
class Transfer {
public:
    Transfer(CURLM* multi, Request const& request);
    Transfer(Transfer const&) = delete;
    Transfer& operator=(Transfer const&) = delete;
    /// An unfinished one takes its connection along: a late answer must never meet the next request.
    ~Transfer() { curl_multi_remove_handle(m_multi, m_easy.get()); }

    CURL* easy() const noexcept { return m_easy.get(); }
    bool finished() const noexcept { return m_result.has_value(); }
    void finish(CURLcode code, Certificates& certificates);
    void give_up() { m_result = timed_out(m_easy.get(), m_error.data(), took()); }
    Result result() { return std::move(*m_result); }

private:
    template <typename Value>
    void set(CURLoption option, Value value)
    {
        curl_easy_setopt(m_easy.get(), option, value);
    }
    void set_url(Request const& request);
    void set_method(Request const& request);
    void set_tls(base::TlsOptions const& tls);
    base::Duration took() const { return std::chrono::steady_clock::now() - m_start; }

    CURLM* m_multi;
    Easy m_easy{curl_easy_init()};
    base::TimePoint m_start = std::chrono::steady_clock::now();
    base::milliseconds m_connect_timeout;
    std::string m_request_body;
    List m_headers;
    List m_connect_to;
    std::string m_body;
    std::array<char, CURL_ERROR_SIZE> m_error{};
    std::optional<Result> m_result;
};

Transfer::Transfer(CURLM* multi, Request const& request)
    : m_multi(multi),
      m_connect_timeout(std::max(request.connect_timeout, base::milliseconds(1))),
      m_request_body(request.body)
{
    set(CURLOPT_ERRORBUFFER, m_error.data());
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L); // else giving up waits for a resolver that may take 30 s
    set(CURLOPT_PROXY, "");
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_USERAGENT, "rmqha");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(m_connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, 0L); // the deadline is perform's
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &m_body);
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(k_body_limit));
    if (!request.credentials.user.empty()) {
        set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
        set(CURLOPT_USERNAME, request.credentials.user.c_str());
        set(CURLOPT_PASSWORD, request.credentials.password.c_str());
    }
    if (!request.bearer_token.empty()) {
        set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
        set(CURLOPT_XOAUTH2_BEARER, request.bearer_token.c_str());
    }
    set_method(request);
    set_tls(request.tls);
    set_url(request);
    curl_multi_add_handle(m_multi, m_easy.get());
}

void Transfer::set_method(Request const& request)
{
    append(m_headers, "Expect:"); // no round trip before a body
    append(m_headers, request.body.empty() ? "Content-Type:" : "Content-Type: application/json");
    set(CURLOPT_HTTPHEADER, m_headers.get());
    if (!m_request_body.empty() || request.method == "POST" || request.method == "PUT") {
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(m_request_body.size()));
        set(CURLOPT_POSTFIELDS, m_request_body.data());
    }
    if (request.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    } else {
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
}

void Transfer::set_tls(base::TlsOptions const& tls)
{
    set(CURLOPT_CERTINFO, 1L);
    if (tls.insecure) {
        set(CURLOPT_SSL_VERIFYPEER, 0L);
        set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!tls.cacert.empty()) {
        set(CURLOPT_CAINFO, tls.cacert.c_str());
    }
    if (!tls.cert.empty()) {
        set(CURLOPT_SSLCERT, tls.cert.c_str());
    }
    if (!tls.key.empty()) {
        set(CURLOPT_SSLKEY, tls.key.c_str());
    }
}

void Transfer::set_url(Request const& request)
{
    if (request.tls.server_name.empty() || request.url.rfind("https:", 0) != 0) {
        set(CURLOPT_URL, request.url.c_str());
        return;
    }
    // curl verifies the name in the URL, so the URL carries the name and the connection goes where the host was.
    std::unique_ptr<CURLU, FreeUrl> const url(curl_url());
    curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0);
    append(m_connect_to,
           "::" + url_part(url.get(), CURLUPART_HOST) + ":" + url_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
    curl_url_set(url.get(), CURLUPART_HOST, request.tls.server_name.c_str(), 0);
    set(CURLOPT_CONNECT_TO, m_connect_to.get());
    set(CURLOPT_URL, url_part(url.get(), CURLUPART_URL).c_str());
}

void Transfer::finish(CURLcode code, Certificates& certificates)
{
    if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(m_easy.get(), CURLINFO_RESPONSE_CODE, &status);
        m_result = Response{static_cast<int>(status), std::move(m_body), took(), certificates.days_left(m_easy.get())};
        return;
    }
    Fault fault = fault_of(m_easy.get(), code, m_error.data(), m_connect_timeout);
    fault.took = took();
    m_result = std::move(fault);
}

class CurlTransport final : public Transport {
public:
    CurlTransport() { curl_multi_setopt(m_multi.get(), CURLMOPT_MAXCONNECTS, 64L); }

    std::vector<Result> perform(std::vector<Request> const& requests, base::TimePoint deadline,
                                base::Stop const& stop) override;

private:
    void collect_finished();

    Multi m_multi{curl_multi_init()};
    Certificates m_certificates;
};

void CurlTransport::collect_finished()
{
    int left = 0;
    while (CURLMsg const* message = curl_multi_info_read(m_multi.get(), &left)) {
        if (message->msg == CURLMSG_DONE) {
            void* transfer = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
            static_cast<Transfer*>(transfer)->finish(message->data.result, m_certificates);
        }
    }
}

std::vector<Result> CurlTransport::perform(std::vector<Request> const& requests, base::TimePoint deadline,
                                           base::Stop const& stop)
{
    std::vector<std::unique_ptr<Transfer>> transfers;
    transfers.reserve(requests.size());
    for (Request const& request : requests) {
        transfers.push_back(std::make_unique<Transfer>(m_multi.get(), request));
    }
    for (int running = 1;;) {
        stop.throw_if_requested();
        CURLMcode const code = curl_multi_perform(m_multi.get(), &running);
        if (code != CURLM_OK) {
            base::fail(base::ExitCode::internal, "curl: {}", curl_multi_strerror(code));
        }
        collect_finished();
        int const timeout = base::poll_timeout(deadline);
        if (running == 0 || timeout == 0) {
            break;
        }
        curl_waitfd wake{stop.fd(), CURL_WAIT_POLLIN, 0};
        curl_multi_poll(m_multi.get(), &wake, 1, timeout, nullptr);
    }
    std::vector<Result> results;
    results.reserve(transfers.size());
    for (auto& transfer : transfers) {
        if (!transfer->finished()) {
            transfer->give_up();
        }
        results.push_back(transfer->result());
    }
    return results;
}

} // namespace

std::unique_ptr<Transport> make_curl_transport()
{
    static CURLcode const k_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (k_ready != CURLE_OK) {
        base::fail(base::ExitCode::internal, "curl: {}", curl_easy_strerror(k_ready));
    }
    return std::make_unique<CurlTransport>();
}

} // namespace rmqha::http
