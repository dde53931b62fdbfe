// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QtGlobal>

namespace secateur::ui {

class SessionModel;

/// What restoring did in a layer, for people who learn it.
struct RefitWords {
    QString explanation; ///< plain sentences
    QString formula;     ///< with the numbers of the layer; HTML with one line each
};

/// Of a layer of a restored plan; empty words of any other plan, and of a layer without an FFN.
RefitWords refitWords(const SessionModel &session, qint64 layer);

} // namespace secateur::ui
