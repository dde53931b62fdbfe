// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskPrompts.h"

#include "tasks/PythonStrings.h"

namespace secateur {
namespace {

std::vector<TaskChoice> behindOne(const std::string &context, const std::vector<std::string> &answers)
{
    std::vector<TaskChoice> choices;
    for (const std::string &answer : answers)
        choices.push_back({context, " " + answer, codePoints(answer)});
    return choices;
}

} // namespace

std::vector<TaskChoice> arcChoices(const std::string &question, const std::vector<std::string> &choices)
{
    return behindOne("Question: " + question + "\nAnswer:", choices);
}

std::string withoutTags(std::string_view text)
{
    const std::string titled = replaced(stripped(text), " [title]", ". ");
    std::string result;
    std::size_t at = 0;
    while (at < titled.size()) {
        const std::size_t end = titled[at] == '[' ? titled.find_first_of("]\n", at) : std::string::npos;
        if (end != std::string::npos && titled[end] == ']')
            at = end + 1;
        else
            result += titled[at++];
    }
    return replaced(result, "  ", " "); // once: of three spaces two are left
}

std::vector<TaskChoice> hellaSwagChoices(const std::string &activity, const std::string &contextA, const std::string &contextB,
                                         const std::vector<std::string> &endings)
{
    std::vector<std::string> answers;
    for (const std::string &ending : endings)
        answers.push_back(withoutTags(ending));
    return behindOne(withoutTags(activity + ": " + contextA + " " + capitalised(contextB)), answers);
}

std::vector<TaskChoice> piqaChoices(const std::string &goal, const std::vector<std::string> &solutions)
{
    return arcChoices(goal, solutions);
}

std::vector<TaskChoice> winoGrandeChoices(const std::vector<std::string> &contexts, std::string_view continuation)
{
    const std::string answer(stripped(continuation));
    std::vector<TaskChoice> choices;
    for (const std::string &context : contexts)
        choices.push_back({context, " " + answer, codePoints(answer)});
    return choices;
}

std::optional<std::vector<TaskChoice>> winoGrandeChoices(const std::string &sentence, const std::vector<std::string> &options)
{
    const std::size_t blank = sentence.find('_');
    if (blank == std::string::npos)
        return {};
    std::vector<std::string> contexts;
    for (const std::string &option : options)
        contexts.push_back(sentence.substr(0, blank) + option);
    return winoGrandeChoices(contexts, std::string_view(sentence).substr(blank + 1));
}

std::vector<TaskChoice> mmluChoices(const std::string &subject, const std::string &question, const std::vector<std::string> &choices)
{
    std::string context = "The following are multiple choice questions (with answers) about " + replaced(subject, "_", " ") + ".\n\n";
    context += stripped(question);
    std::vector<std::string> letters;
    for (const std::string &choice : choices) {
        letters.emplace_back(1, char('A' + letters.size()));
        context += "\n" + letters.back() + ". " + choice;
    }
    return behindOne(context + "\nAnswer:", letters);
}

} // namespace secateur
