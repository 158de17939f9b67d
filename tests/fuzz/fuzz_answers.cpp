// A libFuzzer target: one spoilt management answer must neither crash a check nor, when it cannot be read, pass for OK.
// The first byte of an input says which answer of which version the rest replaces; make_corpus writes the recorded
// ones.
#include "support/answer_bodies.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace rmqha;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    static std::array const s_samples{test::recorded_bodies("3.10"), test::recorded_bodies("4.0")};
    if (size == 0) {
        return 0;
    }
    auto const choice = data[0] % (test::k_answer_bodies.size() * s_samples.size());
    auto bodies = s_samples.at(choice % s_samples.size());
    auto const which = test::k_answer_bodies.at(choice / s_samples.size());
    (bodies.*which).assign(data + 1, data + size);
    auto const verdict = test::verdict_on(bodies);
    if (test::must_be_json(which) && verdict == health::Severity::ok && !nlohmann::json::accept(bodies.*which)) {
        std::fputs("an answer that cannot be read passes for OK\n", stderr);
        std::abort();
    }
    return 0;
}
