// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/CarriedFiles.h"

#include "exporting/Export.h"
#include "exporting/ForeignCode.h"
#include "exporting/PortableConfig.h"
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/TokenizerFiles.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace secateur {
namespace {

constexpr std::uint64_t kLargestText = 16 << 20; ///< a licence, settings, a template
constexpr const char *kAgain = "Download it again, or remove it from the model's folder.";

/// Files of the base model that belong to a pruned one as well.
bool isOfTokenizer(const std::string &name)
{
    static constexpr std::array kNames = {
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",  "vocab.json",
        "merges.txt",     "tokenizer.model",       "chat_template.jinja",     "chat_template.json", "generation_config.json"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// By its name and a form that people read; never code or weights.
bool isLicence(const std::string &name)
{
    static constexpr std::array kBeginnings = {"LICENSE", "LICENCE", "NOTICE", "USE_POLICY", "COPYING"};
    static constexpr std::array kForms = {"", ".TXT", ".MD", ".RST", ".HTML", ".HTM", ".PDF", ".0"}; // "LICENSE-2.0"
    std::string upper = name;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return char(std::toupper(c)); });
    return std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](const char *beginning) { return upper.starts_with(beginning); }) &&
           std::find(kForms.begin(), kForms.end(), std::filesystem::path(upper).extension().string()) != kForms.end();
}

/// Large and in nobody's way: not parsed once more.
bool isVocabulary(const std::string &name)
{
    return name == "tokenizer.json" || name == "vocab.json" || name == "merges.txt" || name == "tokenizer.model";
}

void append(std::vector<std::string> &notes, const std::vector<std::string> &more)
{
    notes.insert(notes.end(), more.begin(), more.end());
}

std::vector<nlohmann::json> autoMapsOf(const Checkpoint &source)
{
    constexpr const char *kName = "tokenizer_config.json";
    std::vector<nlohmann::json> maps{source.config().value("auto_map", nlohmann::json())};
    const ModelFolder &folder = source.modelFolder();
    if (!source.ggufMetadata() && folder.holds(kName) && !folder.leadsOut(kName))
        maps.push_back(folder.readJson(kName, kLargestText, kAgain).value("auto_map", nlohmann::json()));
    return maps;
}

class Reader {
public:
    Reader(const ModelFolder &folder, CarriedFiles &files) : m_folder(folder), m_files(files) {}

    void read(const std::string &name)
    {
        if (name == "tokenizer.json" && m_folder.leadsOut(name))
            return readTokenizer(name);
        ModelFolder::OwnFile file = m_folder.readOwn(name, isVocabulary(name) ? kLargestTokenizer : kLargestText);
        if (!file.refusal.empty()) {
            if (!isLicence(name) && !m_folder.leadsOut(name))
                throw Error(inQuotes((m_folder.path() / name).string()) + " cannot be copied into the export: " + file.refusal + ".",
                            kAgain);
            m_files.notes.push_back(inQuotes(name) + " was left out: " + file.refusal + ".");
            return;
        }
        refuseLfsPointer(file.content, inQuotes((m_folder.path() / name).string()));
        if (name.ends_with(".json") && !isVocabulary(name) && !isLicence(name))
            clean(name, file.content);
        m_files.contents[name] = std::move(file.content);
    }

    /// Further templates, each in a file of its own.
    void readTemplates(const std::string &folder)
    {
        if (!m_folder.holds(folder + "/."))
            return;
        if (m_folder.leadsOut(folder))
            return m_files.notes.push_back(inQuotes(folder) + " was left out: it is a link that leads out of the model's folder.");
        for (const std::string &name : m_folder.names(folder))
            if (name.ends_with(".jinja"))
                read(folder + "/" + name);
    }

private:
    /// A tokenizer is parsed, so its links may lead anywhere; but what is at their end must be one.
    void readTokenizer(const std::string &name)
    {
        std::string content = m_folder.read(name, kLargestTokenizer, kAgain);
        const nlohmann::json document = parseJsonObject(content, inQuotes((m_folder.path() / name).string()), kAgain);
        const auto model = document.find("model");
        if (model == document.end() || !model->is_object() || !model->contains("vocab"))
            throw Error(inQuotes((m_folder.path() / name).string()) + " is a link to something that is not a tokenizer.", kAgain);
        m_files.contents[name] = std::move(content);
    }

    /// Code of others goes; a document that has none stays as it is, byte by byte.
    void clean(const std::string &name, std::string &content)
    {
        const std::string shown = inQuotes((m_folder.path() / name).string());
        const nlohmann::json given = parseJsonObject(content, shown, kAgain);
        nlohmann::json document = given;
        append(m_files.notes, removeForeignCode(document, name));
        if (name == "tokenizer_config.json") {
            append(m_files.notes, replaceForeignTokenizer(document, name, m_files.autoMaps));
            writeOlderTokenizer(document);
        }
        if (std::string text = jsonText(document); text != jsonText(given)) // NaN would differ from itself
            content = std::move(text);
    }

    const ModelFolder &m_folder;
    CarriedFiles &m_files;
};

} // namespace

std::int64_t bytesBesideWeights(const std::filesystem::path &model, const ModelSpec &dense, std::int64_t neuronsKept)
{
    constexpr std::int64_t kOfToken = 60;  ///< in a tokenizer.json with its merges, about: what a GGUF file holds in another form
    constexpr std::int64_t kIndent = 6;    ///< of a number in the manifest, which stands in a line of its own; with its comma
    constexpr std::int64_t kRest = 65'536; ///< configuration, model card, code, and what the manifest holds besides: a few dozen kilobytes
    const bool isGguf = model.extension() == ".gguf";
    std::int64_t bytes = kRest + (isGguf ? kOfToken * dense.vocabularySize : 0);
    std::error_code error;
    for (std::filesystem::directory_iterator file(isGguf ? model.parent_path() : model, error), end; !error && file != end;
         file.increment(error)) {
        const std::string name = file->path().filename().string();
        std::error_code unknown;
        if (const auto size = file->file_size(unknown); !unknown && (isLicence(name) || (!isGguf && isOfTokenizer(name))))
            bytes += std::int64_t(size);
    }
    const auto digits = std::int64_t(std::to_string(dense.mostNeurons()).size());
    return bytes + dense.layerCount() * neuronsKept * (kIndent + digits);
}

CarriedFiles readCarriedFiles(const Checkpoint &source, bool isTokenizerWanted)
{
    CarriedFiles files;
    if (isTokenizerWanted)
        files.autoMaps = autoMapsOf(source);
    const nlohmann::json *gguf = source.ggufMetadata();
    Reader reader(source.modelFolder(), files);
    for (const std::string &name : source.modelFolder().names())
        if (isLicence(name) || (isTokenizerWanted && !gguf && isOfTokenizer(name)))
            reader.read(name);
    if (isTokenizerWanted && !gguf)
        reader.readTemplates("additional_chat_templates");
    if (gguf && isTokenizerWanted && hasTokenizer(source)) {
        files.contents["tokenizer.json"] = openTokenizer(source).source.json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        files.contents["tokenizer_config.json"] = ggufTokenizerConfig(*gguf);
    }
    return files;
}

} // namespace secateur
