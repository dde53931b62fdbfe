// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/PlotMessages.h"

#include "models/MessageLog.h"
#include "panels/parts/OpenFolder.h"
#include "plots/Plot.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

namespace secateur::ui {

void postSavings(const Plot &plot, MessageLog &messages)
{
    const QString topic = QStringLiteral("save plot");
    const auto tr = [](const char *text) { return QCoreApplication::translate("PlotMessages", text); };
    QObject::connect(&plot, &Plot::saved, &messages, [&messages, topic, tr](const QString &file) {
        Message message;
        message.severity = Message::Severity::Success;
        message.sentence = tr("Saved %1.").arg(QDir::toNativeSeparators(file));
        message.topic = topic;
        message.actionText = tr("Open folder");
        message.action = [file, &messages] { openFolder(QFileInfo(file).absolutePath(), messages); };
        messages.post(message);
    });
    QObject::connect(&plot, &Plot::saveFailed, &messages, [&messages, topic](const QString &sentence, const QString &hint) {
        Message message;
        message.severity = Message::Severity::Error;
        message.sentence = sentence;
        message.hint = hint;
        message.topic = topic;
        messages.post(message);
    });
}

} // namespace secateur::ui
