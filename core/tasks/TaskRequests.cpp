// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskRequests.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "tasks/PythonStrings.h"
#include "tasks/TaskFiles.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace secateur {
namespace {

/// Encodes texts with what is put in front of them.
class Encoder {
public:
    Encoder(const Tokenizer &tokenizer, BosUse bos) : m_tokenizer(tokenizer), m_isBare(bos == BosUse::Never)
    {
        if (m_isBare)
            return;
        const std::vector<TokenId> bare = tokenizer.encode("a"), whole = tokenizer.encodePrompt("a");
        const bool hasFirst = !whole.empty() && (bare.empty() || whole.front() != bare.front());
        if (hasFirst)
            m_first = tokenizer.tokenOf(whole.front());
        if (bos == BosUse::Always && !hasFirst)
            throw Error("The tokenizer of this model puts no token at the beginning of a text.",
                        "Leave it out (--bos never), or to the tokenizer (--bos tokenizer).");
    }

    std::vector<TokenId> encode(std::string_view text) const
    {
        const bool hasFirst = !m_first.empty() && text.starts_with(m_first); // and gets no second one
        return m_isBare || hasFirst ? m_tokenizer.encode(text) : m_tokenizer.encodePrompt(text);
    }

private:
    const Tokenizer &m_tokenizer;
    bool m_isBare;
    std::string m_first; ///< the text of the token in front
};

/// The request of a choice, from the ids of its context, which choices may share.
TokenRequest requestOf(const Encoder &encoder, std::vector<TokenId> ids, const std::string &whole, std::int64_t longest)
{
    const std::vector<TokenId> all = encoder.encode(whole);
    if (all.size() <= ids.size())
        throw Error("An answer has no token of its own.", "It cannot be asked of a model with this tokenizer.");
    TokenRequest request;
    request.scored = std::int64_t(all.size() - ids.size());
    if (request.scored > longest)
        throw Error("An answer of " + counted(request.scored, "token") + " is longer than an input may be (" +
                        grouped(std::uint64_t(longest)) + ").",
                    "Allow longer inputs (--max-length).");
    ids.insert(ids.end(), all.begin() + std::ptrdiff_t(ids.size()), all.end()); // not `all`: a token across the joint is told apart
    const auto most = std::size_t(longest) + 1;
    if (ids.size() > most)
        ids.erase(ids.begin(), ids.end() - std::ptrdiff_t(most));
    request.input = std::move(ids);
    return request;
}

std::vector<TokenRequest> requestsOf(const Encoder &encoder, const TaskItem &item, std::int64_t longest)
{
    std::vector<TokenRequest> requests;
    std::string_view last;
    std::vector<TokenId> ids;
    for (const TaskChoice &choice : item.choices) {
        const std::string_view context = std::string_view(choice.context).substr(0, lengthWithoutSpaceBehind(choice.context));
        if (context.empty())
            throw Error("Its context is empty.", "Nothing can be asked without one.");
        if (context != last)
            ids = encoder.encode(context);
        last = context;
        requests.push_back(requestOf(encoder, ids, choice.context + choice.continuation, longest));
    }
    return requests;
}

void checkLongest(std::int64_t longest)
{
    if (longest < 1)
        throw Error("An input of " + counted(longest, "token") + " is too short; it needs at least 1.",
                    "Allow longer inputs (--max-length).");
}

} // namespace

std::vector<TokenRequest> tokenRequests(const Tokenizer &tokenizer, const TaskItem &item, BosUse bos, std::int64_t longest)
{
    checkLongest(longest);
    return requestsOf(Encoder(tokenizer, bos), item, longest);
}

void skipUnaskable(std::vector<TaskSet> &tasks, const Tokenizer &tokenizer, BosUse bos, std::int64_t longest, const JobContext &context)
{
    checkLongest(longest);
    const Encoder encoder(tokenizer, bos);
    for (TaskSet &task : tasks) {
        std::vector<TaskItem> items;
        for (TaskItem &item : task.items) {
            context.check();
            try {
                requestsOf(encoder, item, longest);
                items.push_back(std::move(item));
            } catch (const Error &problem) {
                task.skipped.push_back({item.line, problem.what()});
            }
        }
        const bool isChanged = items.size() < task.items.size();
        task.items = std::move(items);
        if (task.items.empty())
            throw Error("No item of " + task.name + " (" + inQuotes(task.file.string()) + ") can be asked: " + task.skipped.back().reason,
                        "Choose another model, or leave the task out (--only).");
        if (isChanged)
            task.textHash = textHashOf(task.items);
    }
}

} // namespace secateur
