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
    for (const std::filesystem::path &folder : {program / ".." / "share" / "secateur", std::filesystem::path(SECATEUR_RESOURCES)}) {
        std::error_code error;
        if (launch.sample.empty() && std::filesystem::exists(folder / "sample" / "model" / "config.json", error))
            launch.sample = std::filesystem::canonical(folder / "sample", error);
        if (launch.resources.empty() && std::filesystem::is_directory(folder / "guide", error))
            launch.resources = std::filesystem::canonical(folder, error);
    }
    return launch;
}

} // namespace secateur::ui
