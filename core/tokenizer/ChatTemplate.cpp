// SPDX-License-Identifier: GPL-3.0-or-later
// The only file that sees minja.
#include "tokenizer/ChatTemplate.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <exception>
#include <functional>
#include <minja.hpp>
#include <nlohmann/json.hpp>
#include <pthread.h>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace secateur {
namespace {

constexpr std::size_t kLargest = 64 * 1024; // the largest known has 20 kB
constexpr int kDeepest = 100;               // of brackets in each other
constexpr std::int64_t kLongestRange = 10'000;

constexpr const char *kPlain = "Continue a plain prompt instead (without --chat).";

/// What a template or its reader said: one line without the excerpt and the mark that follow it.
std::string reasonOf(const std::exception &problem)
{
    std::string reason = problem.what();
    if (const std::size_t excerpt = reason.find(" at row "); excerpt != std::string::npos)
        if (const std::size_t end = reason.find('\n', excerpt); end != std::string::npos)
            reason.resize(end);
    while (!reason.empty() && (reason.back() == ':' || reason.back() == '.' || reason.back() == '\n' || reason.back() == ' '))
        reason.pop_back();
    return reason;
}

/// How deep brackets stand in each other, wherever they are.
int depthOf(std::string_view text)
{
    int depth = 0, deepest = 0;
    for (const char c : text) {
        if (c == '(' || c == '[' || c == '{')
            deepest = std::max(deepest, ++depth);
        else if ((c == ')' || c == ']' || c == '}') && depth > 0)
            --depth;
    }
    return deepest;
}

/// Does the work with a stack that holds whatever a template of kLargest may ask for: minja reads, renders and lets go of it by recursion, of which it has
/// no limit. Throws what the work throws.
void onLargeStack(const std::function<void()> &work)
{
    constexpr std::size_t kStack = std::size_t(256) << 20; // of addresses; a usual template touches some kilobytes
    struct Task {
        const std::function<void()> &work;
        std::exception_ptr failure{};
    } task{work};
    const auto run = [](void *given) -> void * {
        auto &own = *static_cast<Task *>(given);
        try {
            own.work();
        } catch (...) {
            own.failure = std::current_exception();
        }
        return nullptr;
    };
    pthread_attr_t attributes;
    pthread_t thread{};
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStack);
    const int refused = pthread_create(&thread, &attributes, run, &task);
    pthread_attr_destroy(&attributes);
    if (refused != 0)
        throw std::runtime_error("there is no memory to read it");
    pthread_join(thread, nullptr);
    if (task.failure)
        std::rethrow_exception(task.failure);
}

std::shared_ptr<minja::TemplateNode> parsed(const std::string &text)
{
    return minja::Parser::parse(text, {.trim_blocks = true, .lstrip_blocks = true, .keep_trailing_newline = false});
}

/// The date as a template asks for it.
minja::Value dateFunction()
{
    return minja::Value::callable([](const std::shared_ptr<minja::Context> &, minja::ArgumentsValue &args) {
        args.expectArgs("strftime_now", {1, 1}, {0, 0});
        const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
        std::tm parts{};
        localtime_r(&now, &parts);
        std::string text(256, '\0');
        text.resize(std::strftime(text.data(), text.size(), args.args.front().get<std::string>().c_str(), &parts));
        return minja::Value(text);
    });
}

/// range(), up to a length that no conversation needs.
minja::Value rangeFunction(const minja::Value &plain)
{
    return minja::Value::callable([plain](const std::shared_ptr<minja::Context> &context, minja::ArgumentsValue &args) {
        const auto isLarge = [](const minja::Value &number) { return std::abs(number.get<double>()) > double(kLongestRange); };
        if (std::any_of(args.args.begin(), args.args.end(), isLarge) ||
            std::any_of(args.kwargs.begin(), args.kwargs.end(), [&](const auto &named) { return isLarge(named.second); }))
            throw std::runtime_error("range() is longer than " + std::to_string(kLongestRange));
        if (args.args.size() > 3 || (args.args.size() == 3 && args.args[2].get<std::int64_t>() == 0))
            throw std::runtime_error("range() has no such arguments");
        return plain.call(context, args);
    });
}

} // namespace

struct ChatTemplate::Implementation {
    std::string text;
    nlohmann::ordered_json tokens;
    std::string source;
};

ChatTemplate::ChatTemplate(const std::string &text, const nlohmann::json &tokens, std::string source)
{
    const std::string beginning = "The chat template of " + inQuotes(source) + " cannot be used: ";
    if (text.size() > kLargest)
        throw Error(beginning + "it has " + counted(std::int64_t(text.size()), "byte") + ", and at most " + std::to_string(kLargest) +
                        " are read.",
                    kPlain);
    if (depthOf(text) > kDeepest)
        throw Error(beginning + "its brackets stand more than " + std::to_string(kDeepest) + " deep in each other.", kPlain);
    try {
        onLargeStack([&] { parsed(text); });
    } catch (const std::exception &problem) {
        throw Error(beginning + reasonOf(problem) + ".", kPlain);
    }
    m_implementation = std::make_unique<const Implementation>(
        Implementation{.text = text, .tokens = nlohmann::ordered_json(tokens), .source = std::move(source)});
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate &&) noexcept = default;
ChatTemplate &ChatTemplate::operator=(ChatTemplate &&) noexcept = default;

std::string ChatTemplate::render(const std::vector<ChatMessage> &messages, bool asksForAnswer) const
{
    nlohmann::ordered_json all = m_implementation->tokens;
    all["messages"] = nlohmann::ordered_json::array();
    for (const ChatMessage &message : messages)
        all["messages"].push_back({{"role", message.role}, {"content", message.content}});
    all["add_generation_prompt"] = asksForAnswer;
    all["tools"] = nullptr;
    all["documents"] = nullptr;
    std::string text;
    try {
        onLargeStack([&] {
            const std::shared_ptr<minja::Context> builtins = minja::Context::builtins();
            const auto context = minja::Context::make(minja::Value(all), builtins);
            context->set("strftime_now", dateFunction());
            context->set("range", rangeFunction(builtins->get("range")));
            text = parsed(m_implementation->text)->render(context);
        });
    } catch (const std::exception &problem) { // what the template raises itself, among others
        throw Error("The chat template of " + inQuotes(m_implementation->source) + " refuses this conversation: " + reasonOf(problem) + ".",
                    "Change the system message or the turns, or continue a plain prompt instead (without --chat).");
    }
    return text;
}

} // namespace secateur
