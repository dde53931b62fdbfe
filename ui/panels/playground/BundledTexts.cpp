// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/playground/BundledTexts.h"

#include "text/TrialTexts.h"

#include <QCoreApplication>
#include <QFile>

namespace secateur::ui {

const std::vector<BundledText> &bundledTexts()
{
    static const std::vector<BundledText> texts = [] {
        std::vector<BundledText> all;
        for (const TrialText &text : kTrialTexts) {
            QFile file(QStringLiteral(":/texts/") + QLatin1String(text.file));
            if (file.open(QIODevice::ReadOnly))
                all.push_back({QCoreApplication::translate("TrialTexts", text.title), QString::fromUtf8(file.readAll())});
        }
        return all;
    }();
    return texts;
}

const QStringList &bundledPrompts()
{
    static const QStringList prompts{
        QString::fromUtf8(QT_TRANSLATE_NOOP("prompts", "Once upon a time there was a gardener who")),
        QString::fromUtf8(QT_TRANSLATE_NOOP("prompts", "The king called his three sons and said to them,")),
        QString::fromUtf8(QT_TRANSLATE_NOOP("prompts", "The capital of France is")),
        QString::fromUtf8(QT_TRANSLATE_NOOP("prompts", "Monday, Tuesday, Wednesday, Thursday,")),
        QString::fromUtf8(QT_TRANSLATE_NOOP("prompts", "2, 4, 6, 8, 10, 12,")),
        QString::fromUtf8(QT_TRANSLATE_NOOP("prompts", "def factorial(n):\n    ")),
        QString::fromUtf8(QT_TRANSLATE_NOOP("prompts", "In winter, fruit trees are pruned because")),
    };
    return prompts;
}

} // namespace secateur::ui
