// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QString>

namespace secateur::ui {

/// The vector icon `resources/icons/NAME.svg`, drawn in the palette's text colour of the moment (so it follows the theme) and sharp at
/// every scale. Disabled icons are muted. A name that does not exist is a programmer's error.
QIcon icon(const QString &name);

} // namespace secateur::ui
