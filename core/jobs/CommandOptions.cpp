// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/CommandOptions.h"

#include "tasks/TaskTable.h"

#include <array>
#include <charconv>
#include <concepts>

namespace secateur {
namespace {

std::string textOf(const std::string &text)
{
    return text;
}

/// Numbers in their shortest form that is read back to the last bit.
template <class Number>
requires std::integral<Number> || std::floating_point<Number> std::string textOf(Number number)
{
    std::array<char, 32> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

/// A command line in the making.
class Words {
public:
    explicit Words(std::vector<std::string> words) : m_words(std::move(words)) {}

    /// Unless it is as usual.
    template <class Value>
    void add(const char *option, const Value &value, const Value &usual)
    {
        if (value != usual)
            m_words.insert(m_words.end(), {option, textOf(value)});
    }
    template <class Value>
    void add(const char *option, const std::optional<Value> &value)
    {
        if (value)
            m_words.insert(m_words.end(), {option, textOf(*value)});
    }
    void add(const char *option, const std::string &value) { add(option, value, std::string()); }
    void add(const char *option, const std::filesystem::path &file) { add(option, file.string()); }
    void add(const char *option, const std::vector<std::filesystem::path> &files)
    {
        if (!files.empty())
            m_words.emplace_back(option);
        for (const std::filesystem::path &file : files)
            m_words.push_back(file.string());
    }
    /// As a list with commas.
    template <class Value>
    void add(const char *option, const std::vector<Value> &values)
    {
        std::string list;
        for (const Value &value : values)
            list += (list.empty() ? "" : ",") + textOf(value);
        add(option, list);
    }
    void addOrNone(const char *option, const std::optional<std::vector<std::int64_t>> &layers)
    {
        if (layers && layers->empty())
            add(option, std::string("none"));
        else if (layers)
            add(option, *layers);
    }
    void flag(const char *option, bool isSet)
    {
        if (isSet)
            m_words.emplace_back(option);
    }
    std::vector<std::string> take() { return std::move(m_words); }

private:
    std::vector<std::string> m_words;
};

void addGeneration(Words &words, const GenerationSettings &settings)
{
    const GenerationSettings usual;
    words.add("--prompt", settings.prompt);
    words.add("--tokens", settings.tokens, usual.tokens);
    words.add("--temperature", settings.temperature, usual.temperature);
    words.add("--top-k", settings.topK, usual.topK);
    words.add("--top-p", settings.topP, usual.topP);
    words.add("--seed", settings.seed, usual.seed);
    words.flag("--chat", settings.isChat);
    if (settings.isChat && !settings.conversation.empty())
        words.add("--system", settings.conversation.front().content);
}

void addMethod(Words &words, const CommandOptions &o)
{
    words.add("--method", o.method);
    words.add("--methods", o.methods);
    words.add("--variant", o.variant);
    words.add("--generations", o.generations);
    words.add("--coarse-tokens", o.coarseTokens);
    words.add("--fine-tokens", o.fineTokens);
    words.add("--evolution-seed", o.evolutionSeed);
    words.flag("--equal-size", o.isEqualSize);
}

void addTasks(Words &words, const TaskSettings &tasks)
{
    words.add("--tasks", tasks.paths);
    words.add("--only", tasks.only);
    words.add("--limit", tasks.limit);
    words.add("--sample", tasks.seed, std::uint64_t(0));
    if (tasks.bos != BosUse::Never)
        words.add("--bos", std::string(nameOf(tasks.bos)));
    words.add("--max-length", tasks.longest);
}

void addThroughput(Words &words, const std::optional<ThroughputSettings> &throughput)
{
    words.flag("--throughput", throughput.has_value());
    if (!throughput)
        return;
    const ThroughputSettings usual;
    if (throughput->promptLengths != usual.promptLengths)
        words.add("--prompt-lengths", throughput->promptLengths);
    if (throughput->batchSizes != usual.batchSizes)
        words.add("--batch-sizes", throughput->batchSizes);
    words.add("--new-tokens", throughput->newTokens, usual.newTokens);
    words.add("--repetitions", throughput->repetitions, usual.repetitions);
}

void addRestoration(Words &words, const RestoreOptions &restore)
{
    words.add("--restore", restore.steps);
    words.flag("--restore-gate", restore.isGated);
    words.add("--restore-windows", restore.gateWindows);
    words.add("--restore-search-windows", restore.searchWindows);
    words.add("--restore-text", restore.texts);
    words.add("--sequential-windows", restore.sequentialWindows);
    words.add("--restore-ridge", restore.ridge);
    words.add("--path-ridge", restore.pathRidge);
    words.add("--sequential-ridge", restore.sequentialRidge);
    words.add("--width-share", restore.widthShare);
}

} // namespace

std::vector<std::string> wordsOf(const CommandOptions &o)
{
    const CommandOptions usual;
    Words words({"secateur-cli", o.command, o.model.string()});
    words.add("--text", o.texts);
    if (o.areAllWindowsWanted)
        words.add("--windows", std::string("all"));
    words.add("--windows", o.windows);
    words.add("--length", o.length);
    words.add("--seed", o.seed);
    words.add("--column", o.column);
    words.add("--documents", o.documents);
    words.add("--norm", o.norm);
    addMethod(words, o);
    words.add("--sparsity", o.sparsity);
    words.add("--sparsity", o.sparsities);
    words.add("--remove", o.remove);
    words.add("--alpha", o.alpha, usual.alpha);
    words.add("--width-multiple", o.widthMultiple, usual.widthMultiple);
    words.add("--keep", o.keep);
    words.addOrNone("--protect", o.protectedLayers);
    words.addOrNone("--force", o.forcedLayers);
    words.add("--search-windows", o.searchWindows);
    words.add("--loss-dtype", o.lossType);
    words.flag("--all-losses", o.areAllLossesWanted);
    words.add("--scores", o.scores);
    words.add("--plan", o.plan);
    words.add("--grams", o.grams);
    words.flag("--variants", o.areVariantsWanted);
    addRestoration(words, o.restore);
    for (const std::filesystem::path &plan : o.plans)
        words.add("--plan", plan);
    words.flag("--original", o.isOriginalToo);
    words.flag("--restart", o.isRestarted);
    words.add("--evaluate", o.evaluationTexts);
    addTasks(words, o.tasks);
    addThroughput(words, o.throughput);
    words.add("--text-file", o.textFile);
    addGeneration(words, o.generation);
    words.add("--format", o.format);
    words.add("--export-dtype", o.exportDtype);
    words.add("--device", o.engine.device, usual.engine.device);
    words.add("--dtype", o.engine.dtype, usual.engine.dtype);
    words.add("--screen", o.engine.screening, usual.engine.screening);
    words.add("--waiting", o.engine.waiting, usual.engine.waiting);
    words.add("--threads", o.engine.threads, usual.engine.threads);
    words.add("--device-memory", o.deviceMemory);
    words.add("--host-memory", o.hostMemory);
    words.add("--save-plan", o.savePlan);
    words.add("--save-grams", o.saveGrams);
    words.add("--session", o.session);
    words.add("--csv", o.csv);
    words.add("--markdown", o.markdown);
    words.add("--latex", o.latex);
    words.add("--output", o.output);
    words.flag("--overwrite", o.isOverwriteAllowed);
    return words.take();
}

std::string shellWord(const std::string &word)
{
    constexpr const char *kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=+,";
    if (word == "&&" || (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos))
        return word;
    std::string text = "'";
    for (const char c : word)
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

std::string shellLine(const std::vector<std::string> &words)
{
    std::string line;
    for (const std::string &word : words)
        line += (line.empty() ? "" : " ") + shellWord(word);
    return line;
}

} // namespace secateur
