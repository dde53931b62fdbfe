// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/Recordings.h"

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>

namespace secateur::ui {

std::vector<Recording> recordingsIn(const std::filesystem::path &resources)
{
    std::vector<Recording> found;
    if (resources.empty())
        return found;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(resources / "recordings", error), end; !error && entry != end; entry.increment(error))
        if (entry->path().extension() == ".secateur" && entry->is_regular_file(error))
            found.push_back({.name = QString::fromStdString(entry->path().stem().string()).replace(QLatin1Char('-'), QLatin1Char(' ')),
                             .file = entry->path()});
    std::sort(found.begin(), found.end(), [](const Recording &one, const Recording &other) { return one.file < other.file; });
    return found;
}

void place(Session &recording, const std::filesystem::path &resources)
{
    const auto placed = [&](const std::filesystem::path &path) { return path.empty() || path.is_absolute() ? path : resources / path; };
    const auto placeText = [&](TextSettings &text) {
        for (std::filesystem::path &file : text.files)
            file = placed(file);
    };
    const auto placeOrigin = [&](Provenance &provenance) {
        for (std::string &file : provenance.textFiles)
            file = placed(file).string();
    };
    if (recording.model)
        recording.model->folder = placed(recording.model->folder);
    placeText(recording.calibrationText);
    placeText(recording.evaluationText);
    for (Measurement &measurement : recording.measurements)
        placeText(measurement.text);
    for (std::shared_ptr<const NeuronScores> &scores : recording.calibrations) {
        auto copy = std::make_shared<NeuronScores>(*scores);
        placeOrigin(copy->provenance);
        scores = std::move(copy);
    }
    for (auto &[key, shelf] : recording.plans) { // whose keys do not know of paths
        auto copy = std::make_shared<ShelfPlan>(*shelf);
        placeOrigin(copy->plan.calibration);
        placeOrigin(copy->plan.search.provenance);
        shelf = std::move(copy);
    }
    for (auto &[key, search] : recording.searches)
        placeOrigin(search.provenance);
    if (recording.denseImpact)
        placeOrigin(recording.denseImpact->provenance);
}

} // namespace secateur::ui
