// SPDX-License-Identifier: GPL-3.0-or-later
// Session files: a safetensors file with the scores, and the rest as JSON in its metadata.
#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "foundation/AtomicPath.h"
#include "foundation/DocumentFormat.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "session/OlderHashes.h"
#include "session/PlanFilesBeside.h"
#include "session/SessionCheck.h"
#include "session/SessionJson.h"
#include "session/SessionStore.h"
#include "session/StoredSession.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

namespace secateur {
namespace {

constexpr const char *kMetadata = "session", *kRemedy = "Open another copy of it.";
constexpr int kDeepest = 72; // a configuration may have 64 levels, and lies some levels deep

std::string tensorName(std::size_t calibration, std::size_t layer)
{
    return std::to_string(calibration) + ".scores." + std::to_string(layer);
}

std::vector<float> readScores(const SafetensorsFile &file, const std::string &name, std::int64_t neurons)
{
    const auto found = std::find_if(file.tensors().begin(), file.tensors().end(), [&](const TensorView &t) { return t.name == name; });
    if (found == file.tensors().end())
        throw Flaw("there is no tensor " + name);
    if (found->dtype != DType::Float32 || found->shape != Shape{neurons})
        throw Flaw("the tensor " + name + " does not fit the model");
    std::vector<float> values(found->bytes.size() / sizeof(float));
    if (!values.empty())
        std::memcpy(values.data(), found->bytes.data(), found->bytes.size());
    return values;
}

Error noSession(const std::filesystem::path &file)
{
    return Error(inQuotes(file.string()) + " does not hold a session.", "Choose a file that the window saved (.secateur).");
}

/// Whether a file begins as sessions do, with the length of a JSON object and the object; one that is cut off there may be any file.
bool mayBeStored(const std::filesystem::path &file)
{
    std::array<char, 9> beginning{};
    return InputFile(file).read(beginning) == beginning.size() && beginning.back() == '{';
}

SafetensorsFile openStored(const std::filesystem::path &file)
{
    try {
        return SafetensorsFile(file);
    } catch (const Unreadable &) {
        throw;
    } catch (const Error &problem) { // nobody downloads sessions
        if (!mayBeStored(file))
            throw noSession(file);
        throw Error(problem.what(), kRemedy);
    }
}

Session sessionOf(const SafetensorsFile &stored, const nlohmann::json &json, const std::filesystem::path &file)
{
    Session session = sessionFromJson(json, file);
    for (std::size_t c = 0; c < json.at("calibrations").size(); ++c) {
        const nlohmann::json &entry = json.at("calibrations").at(c);
        auto scores = std::make_shared<NeuronScores>();
        scores->norm = scoreNormOf(entry.at("norm"));
        scores->provenance = provenanceFromJson(entry.at("provenance"));
        for (std::size_t i = 0; session.model && i < session.model->spec.layers.size(); ++i)
            scores->layers.push_back(readScores(stored, tensorName(c, i), session.model->spec.layers[i].neurons()));
        session.calibrations.push_back(std::move(scores));
    }
    checkSession(session);
    return session;
}

void checkIsKnown(const Session &session)
{
    if (session.newerFormat)
        throw Error("The session was saved by a newer Secateur (format " + std::to_string(*session.newerFormat) +
                        "): saving it here would drop what this version does not know.",
                    "Update the program to save it.");
}

/// `planFiles`: what the file is to call them, by the keys of the shelf; the others by where they are.
void write(const Session &session, const std::filesystem::path &file, const std::map<std::string, std::string> &planFiles)
{
    nlohmann::json json = toJson(session);
    for (const auto &[key, name] : planFiles)
        json.at("plans").at(key).at("file") = name;
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (std::size_t c = 0; c < session.calibrations.size(); ++c)
        for (std::size_t i = 0; i < session.calibrations[c]->layers.size(); ++i)
            declarations.push_back({tensorName(c, i), DType::Float32, {std::int64_t(session.calibrations[c]->layers[i].size())}});
    SafetensorsWriter writer(file, declarations, {{kMetadata, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}});
    for (std::size_t c = 0; c < session.calibrations.size(); ++c)
        for (std::size_t i = 0; i < session.calibrations[c]->layers.size(); ++i)
            writer.write(tensorName(c, i), std::as_bytes(std::span(session.calibrations[c]->layers[i])));
    writer.finish();
}

} // namespace

void saveSession(const Session &session, const std::filesystem::path &file)
{
    checkIsKnown(session);
    AtomicPath target = AtomicPath::forFile(file);
    PlanFilesBeside plans(session, target.target());
    write(session, target.temporary(), plans.names());
    target.commit();
    plans.keep();
}

void saveBase(const Session &session, const std::filesystem::path &file)
{
    checkIsKnown(session);
    AtomicPath target = AtomicPath::forFile(file);
    write(session, target.temporary(), {});
    target.commit();
}

StoredSession readSession(const std::filesystem::path &file)
{
    const SafetensorsFile stored = openStored(file);
    const auto text = stored.metadata().find(kMetadata);
    if (text == stored.metadata().end())
        throw noSession(file);
    const std::string name = "The session " + inQuotes(file.string());
    std::optional<std::int64_t> newerFormat;
    try {
        const nlohmann::json json = parseJsonObject(text->second, "its description", kRemedy, kDeepest);
        if (!isFinite(json))
            throw Flaw("it holds a number that is not finite");
        const std::int64_t format = sessionFormatOf(json);
        if (format > kSessionFormat)
            newerFormat = format;
        StoredSession read{.session = sessionOf(stored, json, file), .hasOlderHashes = format == 1};
        read.session.newerFormat = newerFormat;
        return read;
    } catch (const Unreadable &) {
        throw;
    } catch (const std::exception &problem) {
        if (isOfMachine(problem)) // says nothing of the file
            throw;
        if (newerFormat) // what it holds instead may be as it should be there
            throw NewerFormat(name, *newerFormat);
        if (const auto *error = dynamic_cast<const Error *>(&problem))
            throw Error(name + " cannot be read: " + problem.what(), error->hint());
        throw Error(name + " is damaged: " + flawOf(problem) + ".", kRemedy);
    }
}

Session loadSession(const std::filesystem::path &file)
{
    StoredSession read = readSession(file);
    if (read.hasOlderHashes)
        renewPlanHashes(read.session);
    return std::move(read.session);
}

} // namespace secateur
