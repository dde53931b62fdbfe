// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/Launch.h"

#include <QCoreApplication>
#include <QStandardPaths>

namespace secateur::ui {

Launch usualLaunch()
{
    Launch launch;
    launch.stateFolder = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation).toStdString();
    const std::filesystem::path program = QCoreApplication::applicationDirPath().toStdString();
    for (const std::filesystem::path &folder : {program / ".." / "share" / "secateur" / "sample", std::filesystem::path(SECATEUR_SAMPLE)}) {
        std::error_code error;
        if (std::filesystem::exists(folder / "model" / "config.json", error)) {
            launch.sample = std::filesystem::canonical(folder, error);
            break;
        }
    }
    return launch;
}

} // namespace secateur::ui
