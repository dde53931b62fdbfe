// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"

#include <QString>
#include <QStringList>

/// The sentence and the hint of the Error that an action ends with; empty when it does not.
template <typename Action>
QString complaint(Action action)
{
    try {
        action();
    } catch (const secateur::Error &error) {
        return QString::fromStdString(error.what()) + " | " + QString::fromStdString(error.hint());
    }
    return {};
}

/// The first part that the text lacks, or empty.
inline QString lacking(const QString &text, const QStringList &parts)
{
    for (const QString &part : parts)
        if (!text.contains(part))
            return "'" + part + "' is not in: " + text;
    return {};
}
