// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"

#include <QString>
#include <filesystem>

namespace secateur::ui {

/// What the window is started with.
struct Launch {
    EngineSettings engine;             ///< threads 0 = all cores but one
    std::filesystem::path stateFolder; ///< for settings and journals; made when needed
    std::filesystem::path sample;      ///< the folder with `model` and `text`; empty = there is none
    std::filesystem::path resources{}; ///< the folder with `guide`, `lessons` and `recordings`; empty = there is none
};

/// The usual places: settings and journals in the user's data folder, the sample beside the installed program or in the source.
Launch usualLaunch();

/// The bundled model and texts.
struct Sample {
    std::filesystem::path folder;
    bool isThere() const { return !folder.empty(); }
    QString model() const { return isThere() ? QString::fromStdString((folder / "model").string()) : QString(); }
    QString calibrationText() const { return isThere() ? QString::fromStdString((folder / "text" / "grimm.txt").string()) : QString(); }
    QString evaluationText() const { return isThere() ? QString::fromStdString((folder / "text" / "oz.txt").string()) : QString(); }
};

} // namespace secateur::ui
