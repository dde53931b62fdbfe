// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskForms.h"

#include "foundation/Wording.h"
#include "tasks/TaskPrompts.h"
#include "tasks/TaskTable.h"

#include <algorithm>
#include <optional>

namespace secateur {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

const json &fieldOf(const json &fields, std::string_view name)
{
    const auto field = fields.find(name);
    if (field == fields.end() || field->is_null())
        throw UnusableRow("It has no " + inQuotes(name) + ".");
    return *field;
}

const std::string &textOf(const json &value, std::string_view name)
{
    if (!value.is_string())
        throw UnusableRow("Its " + inQuotes(name) + " is no text.");
    return value.get_ref<const std::string &>();
}

const std::string &textIn(const json &fields, std::string_view name)
{
    return textOf(fieldOf(fields, name), name);
}

Texts textsOf(const json &value, std::string_view name)
{
    if (!value.is_array())
        throw UnusableRow("Its " + inQuotes(name) + " is no list.");
    Texts texts;
    for (const json &text : value)
        texts.push_back(textOf(text, name));
    return texts;
}

/// Answers of which an item has as many as it should; `count` 0: two or more.
Texts answersOf(const json &value, std::string_view name, std::size_t count = 0)
{
    Texts answers = textsOf(value, name);
    if (count == 0 ? answers.size() < 2 : answers.size() != count)
        throw UnusableRow("Its " + inQuotes(name) + " has " + counted(std::int64_t(answers.size()), "answer") + ", not " +
                          (count == 0 ? "two or more" : std::to_string(count)) + ".");
    return answers;
}

Texts answersIn(const json &fields, std::string_view name, std::size_t count = 0)
{
    return answersOf(fieldOf(fields, name), name, count);
}

/// What a label reads, number or text.
std::string wordOf(const json &fields, std::string_view name)
{
    const auto field = fields.find(name);
    if (field == fields.end() || field->is_null() || *field == "" || *field == -1 || *field == "-1")
        throw UnlabelledRow("It has no " + inQuotes(name) + ": its right answer is not told.");
    if (!field->is_number_integer() && !field->is_string())
        throw UnusableRow("Its " + inQuotes(name) + " is neither a whole number nor a letter.");
    return field->is_string() ? field->get<std::string>() : field->dump();
}

/// The place of the right one of `count` answers, given as a letter, or as a number that counts from `first`.
std::int64_t goldOf(const json &fields, std::string_view name, std::size_t count, int first = 0)
{
    const std::string word = wordOf(fields, name);
    std::int64_t place = -1;
    if (word.size() == 1 && word[0] >= '0' && word[0] <= '9')
        place = word[0] - '0' - first;
    else if (word.size() == 1 && (word[0] | 0x20) >= 'a' && (word[0] | 0x20) <= 'z')
        place = (word[0] | 0x20) - 'a';
    if (place < 0 || place >= std::int64_t(count))
        throw UnusableRow("Its " + inQuotes(name) + ", " + inQuotes(word) + ", is none of its " + std::to_string(count) + " answers.");
    return place;
}

/// The choices of ARC: a list of objects, or an object of lists.
struct Labelled {
    Texts texts, labels;
};

Labelled labelledOf(const json &choices)
{
    Labelled result;
    const auto labelOf = [](const json &label) { return label.is_number_integer() ? label.dump() : textOf(label, "label"); };
    if (choices.is_object()) {
        result.texts = answersIn(choices, "text");
        for (const json &label : fieldOf(choices, "label"))
            result.labels.push_back(labelOf(label));
    } else if (choices.is_array()) {
        for (const json &choice : choices) {
            if (!choice.is_object())
                throw UnusableRow("Its 'choices' are no objects.");
            result.texts.push_back(textIn(choice, "text"));
            result.labels.push_back(labelOf(fieldOf(choice, "label")));
        }
    } else {
        throw UnusableRow("Its 'choices' are no list.");
    }
    if (result.labels.size() != result.texts.size() || result.texts.size() < 2)
        throw UnusableRow("Its 'choices' have " + counted(std::int64_t(result.texts.size()), "text") + " and " +
                          counted(std::int64_t(result.labels.size()), "label") + ".");
    return result;
}

RowItem arcItem(const json &fields, const std::string &question, const json &choices)
{
    const Labelled labelled = labelledOf(choices);
    const std::string key = wordOf(fields, "answerKey");
    const auto found = std::ranges::find(labelled.labels, key);
    if (found == labelled.labels.end())
        throw UnusableRow("Its key " + inQuotes(key) + " is none of its labels (" + listed(labelled.labels) + ").");
    return {arcChoices(question, labelled.texts), found - labelled.labels.begin()};
}

RowItem readArc(const json &fields, const std::string &)
{
    return arcItem(fields, textIn(fields, "question"), fieldOf(fields, "choices"));
}

RowItem readArcOriginal(const json &fields, const std::string &)
{
    const json &question = fieldOf(fields, "question");
    if (!question.is_object())
        return arcItem(fields, textOf(question, "question"), fieldOf(fields, "choices"));
    return arcItem(fields, textIn(question, "stem"), fieldOf(question, "choices"));
}

/// ARC and PIQA with their questions written out.
RowItem readQuery(const json &fields, const std::string &)
{
    std::string_view question = textIn(fields, "query");
    for (const std::string_view end : {"\nAnswer:", "\n"})
        if (question.ends_with(end)) {
            question.remove_suffix(end.size());
            break;
        }
    if (question.starts_with("Question: "))
        question.remove_prefix(10);
    const Texts choices = answersIn(fields, "choices");
    return {arcChoices(std::string(question), choices), goldOf(fields, "gold", choices.size())};
}

RowItem readHellaSwag(const json &fields, const std::string &)
{
    const Texts endings = answersIn(fields, "endings", 4);
    return {hellaSwagChoices(textIn(fields, "activity_label"), textIn(fields, "ctx_a"), textIn(fields, "ctx_b"), endings),
            goldOf(fields, "label", endings.size())};
}

/// The context in one piece. That of ActivityNet is of two sentences, the second of which is begun only, and has lost its capital.
RowItem readHellaSwagContext(const json &fields, const std::string &)
{
    const Texts endings = answersIn(fields, "endings", 4);
    std::string begun = textIn(fields, "context"), rest;
    std::size_t end = std::string::npos;
    if (textIn(fields, "source_id").starts_with("activitynet"))
        for (const char *mark : {". ", "? ", "! "})
            if (const std::size_t found = begun.rfind(mark); found != std::string::npos && (end == std::string::npos || found > end))
                end = found;
    if (end != std::string::npos) {
        rest = begun.substr(end + 2);
        begun.resize(end + 1);
    }
    return {hellaSwagChoices(textIn(fields, "activity_label"), begun, rest, endings), goldOf(fields, "label", endings.size()),
            !rest.empty()};
}

RowItem readPiqa(const json &fields, const std::string &)
{
    return {piqaChoices(textIn(fields, "goal"), {textIn(fields, "sol1"), textIn(fields, "sol2")}), goldOf(fields, "label", 2)};
}

RowItem readWinoGrande(const json &fields, const std::string &)
{
    auto choices = winoGrandeChoices(textIn(fields, "sentence"), {textIn(fields, "option1"), textIn(fields, "option2")});
    if (!choices)
        throw UnusableRow("Its 'sentence' has no blank ('_').");
    return {std::move(*choices), goldOf(fields, "answer", 2, 1)};
}

RowItem readWinoGrandeContexts(const json &fields, const std::string &)
{
    return {winoGrandeChoices(answersIn(fields, "context_options", 2), textIn(fields, "continuation")), goldOf(fields, "gold", 2)};
}

RowItem readMmlu(const json &fields, const std::string &subject)
{
    const Texts choices = answersIn(fields, "choices", 4);
    return {mmluChoices(subject, textIn(fields, "question"), choices), goldOf(fields, "answer", choices.size())};
}

RowItem readMmluTable(const json &fields, const std::string &subject)
{
    Texts choices;
    for (const char *column : {"choice0", "choice1", "choice2", "choice3"})
        choices.push_back(textIn(fields, column));
    return {mmluChoices(subject, textIn(fields, "question"), choices), goldOf(fields, "answer", choices.size())};
}

RowItem readMmluOriginal(const json &fields, const std::string &subject)
{
    if (fields.size() != 6)
        throw UnusableRow("It has " + counted(std::int64_t(fields.size()), "field") + ", not 6.");
    return {mmluChoices(subject, fields[0], {fields[1], fields[2], fields[3], fields[4]}),
            goldOf(json{{"answer", fields[5]}}, "answer", 4)};
}

std::vector<std::string> missingOf(const TaskForm &form, const TableFile &file)
{
    std::vector<std::string> missing;
    for (const std::string_view column : form.columns)
        if (std::ranges::find(file.columns(), column) == file.columns().end())
            missing.push_back(inQuotes(column));
    return missing;
}

} // namespace

const std::vector<TaskForm> &taskForms()
{
    using enum TaskKind;
    static const std::string_view kHub = "of the Hugging Face Hub", kOriginal = "of the original", kFoundry = "of LLM Foundry";
    static const std::vector<TaskForm> forms = {
        {{ArcEasy, ArcChallenge}, "ARC", kHub, {"question", "choices", "answerKey"}, {}, true, readArc},
        {{HellaSwag}, "HellaSwag", kOriginal, {"activity_label", "ctx_a", "ctx_b", "endings", "label"}, {}, true, readHellaSwag},
        {{HellaSwag},
         "HellaSwag",
         "with contexts in one piece",
         {"activity_label", "context", "endings", "label", "source_id"},
         {},
         true,
         readHellaSwagContext},
        {{Piqa}, "PIQA", kOriginal, {"goal", "sol1", "sol2"}, {"label"}, true, readPiqa},
        {{WinoGrande}, "WinoGrande", kOriginal, {"sentence", "option1", "option2", "answer"}, {}, true, readWinoGrande},
        {{WinoGrande}, "WinoGrande", kFoundry, {"context_options", "continuation", "gold"}, {}, true, readWinoGrandeContexts},
        {{ArcEasy, ArcChallenge, Piqa},
         "ARC or PIQA",
         kFoundry,
         {"query", "choices", "gold"},
         {},
         true,
         readQuery,
         "The answers of this form were edited: white space was cut off, and of ARC some were left out or doubled."},
        {{Mmlu}, "MMLU", kHub, {"question", "choices", "answer"}, {"subject"}, true, readMmlu},
        {{Mmlu},
         "MMLU",
         "with a header",
         {"question", "choice0", "choice1", "choice2", "choice3", "answer"},
         {"subject"},
         true,
         readMmluTable},
        {{Mmlu}, "MMLU", kOriginal, {"question", "A", "B", "C", "D", "letter"}, {}, false, readMmluOriginal},
        {{ArcEasy, ArcChallenge}, "ARC", kOriginal, {"question", "answerKey"}, {"choices"}, true, readArcOriginal},
    };
    return forms;
}

std::span<const std::string_view> taskHeadings()
{
    static const std::vector<std::string_view> headings = [] {
        std::vector<std::string_view> all;
        for (const TaskForm &form : taskForms())
            if (form.hasHeader)
                all.insert(all.end(), form.columns.begin(), form.columns.end());
        return all;
    }();
    return headings;
}

const TaskForm *formOf(const TableFile &file)
{
    for (const TaskForm &form : taskForms())
        if (file.hasColumns() ? form.hasHeader && missingOf(form, file).empty()
                              : !form.hasHeader && file.columns().size() == form.columns.size())
            return &form;
    return nullptr;
}

std::string nearestForm(const TableFile &file)
{
    // What any table of questions has says nothing.
    const auto tells = [&](std::string_view column) {
        return column != "question" && column != "answer" && std::ranges::find(file.columns(), column) != file.columns().end();
    };
    const TaskForm *nearest = nullptr;
    std::vector<std::string> missing;
    for (const TaskForm &form : taskForms()) {
        if (!form.hasHeader || !file.hasColumns() || std::ranges::none_of(form.columns, tells))
            continue;
        std::vector<std::string> lacking = missingOf(form, file);
        const bool isNear = lacking.size() + 2 <= form.columns.size();
        if (isNear && (!nearest || lacking.size() < missing.size())) {
            nearest = &form;
            missing = std::move(lacking);
        }
    }
    return nearest ? std::string(nearest->task) + " also needs " + listed(missing) : std::string();
}

std::string knownForms()
{
    std::vector<std::string> forms;
    for (const TaskForm &form : taskForms())
        forms.push_back(std::string(form.task) + " (" + listed({form.columns.begin(), form.columns.end()}) +
                        (form.hasHeader ? ")" : ", without a header)"));
    return listed(forms, forms.size(), "; ");
}

std::string subjectOfRow(const json &fields)
{
    const auto field = fields.is_object() ? fields.find("subject") : fields.end();
    if (field == fields.end() || field->is_null() || *field == "")
        return {};
    std::string subject = textOf(*field, "subject");
    std::ranges::transform(subject, subject.begin(), [](char c) { return c == ' ' ? '_' : c >= 'A' && c <= 'Z' ? char(c | 0x20) : c; });
    if (std::ranges::find(kMmluSubjects, subject) == kMmluSubjects.end())
        throw UnusableRow("Its subject " + inQuotes(subject) + " is none of MMLU's.");
    return subject;
}

} // namespace secateur
