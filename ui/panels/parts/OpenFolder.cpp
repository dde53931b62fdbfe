// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/OpenFolder.h"

#include "models/MessageLog.h"

#include <QClipboard>
#include <QCoreApplication>
#include <QDesktopServices>
#include <QDir>
#include <QGuiApplication>
#include <QUrl>

namespace secateur::ui {

void openFolder(const QString &folder, MessageLog &messages)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("OpenFolder", text); };
    const QString topic = QStringLiteral("open folder");
    messages.resolve(topic);
    const bool isThere = QDir(folder).exists();
    if (isThere && QDesktopServices::openUrl(QUrl::fromLocalFile(folder)))
        return;
    Message message;
    message.severity = Message::Severity::Error;
    message.sentence = isThere ? tr("The desktop has no program that shows the folder %1.").arg(QDir::toNativeSeparators(folder))
                               : tr("The folder %1 is not there any more.").arg(QDir::toNativeSeparators(folder));
    message.hint = isThere ? tr("Copy the path and open it in another program.") : tr("It was moved, renamed or removed.");
    message.topic = topic;
    message.actionText = tr("Copy path");
    message.action = [folder] { QGuiApplication::clipboard()->setText(folder); };
    messages.post(message);
}

} // namespace secateur::ui
