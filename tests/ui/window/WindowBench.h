// SPDX-License-Identifier: GPL-3.0-or-later
// A main window with a state folder of its own, and hands that press and type like people do.
#pragma once

#include "panels/parts/Workbench.h"
#include "theme/SessionBus.h"
#include "theme/Theme.h"
#include "window/Launch.h"
#include "window/MainWindow.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QMimeData>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QUrl>

#include <memory>

namespace secateur::ui {

/// What the offscreen platform says about itself is no warning of ours.
inline void failOnOwnWarnings()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support|QStandardPaths: XDG_RUNTIME_DIR).*")));
}

/// Lets everything happen that was put off to later turns of the event loop: after a change of the page, of the plan or of the look these are
/// queued calls and timers without a delay, what they put off in turn, and the drawing.
inline void settle()
{
    constexpr int kTurns = 10; // each serves one kind of event at least; the longest chain is a view that follows, its plot, its picture
    for (int turn = 0; turn < kTurns; ++turn)
        QCoreApplication::processEvents();
}

struct WindowBench {
    QTemporaryDir state;
    SessionBus bus{QString()}; ///< nowhere
    Theme theme{bus};
    std::unique_ptr<MainWindow> window;

    explicit WindowBench(QSize size = {1440, 900}) { start(size); }

    void start(QSize size = {1440, 900})
    {
        Launch launch = usualLaunch();
        launch.stateFolder = state.path().toStdString();
        launch.engine.threads = 1;
        window = std::make_unique<MainWindow>(launch, theme, bus);
        window->resize(size);
        window->show();
        QVERIFY(QTest::qWaitForWindowExposed(window.get()));
    }

    const Workbench &bench() const { return window->workbench(); }
    static Sample sample() { return Sample{usualLaunch().sample}; }

    /// What people drop, where they drop it.
    void drop(QWidget *target, const QString &path) const
    {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(path)});
        const QPoint at = target->rect().center();
        QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event(at, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &event);
    }

    /// The button of that text that can be seen, in the tab that is shown if it has one; null when there is none.
    QAbstractButton *button(const QString &text) const
    {
        const QWidget *page = window->findChild<QTabWidget *>()->currentWidget();
        for (const QWidget *place : {page, static_cast<const QWidget *>(window.get())})
            for (QAbstractButton *candidate : place->findChildren<QAbstractButton *>())
                if (candidate->isVisible() && candidate->text() == text)
                    return candidate;
        return nullptr;
    }

    /// Answers the file dialog that comes next, which has an event loop of its own, with this path; `wasChosen` tells whether it came.
    void answerFileDialog(const QString &path, bool &wasChosen) const
    {
        QTimer::singleShot(0, window.get(), [path, &wasChosen] {
            auto *dialog = qobject_cast<QFileDialog *>(QApplication::activeModalWidget());
            QVERIFY(dialog);
            auto *name = dialog->findChild<QLineEdit *>();
            QVERIFY(name);
            name->setText(path);
            wasChosen = true;
            QTest::keyClick(name, Qt::Key_Return);
            if (dialog->isVisible())
                static_cast<QDialog *>(dialog)->accept();
        });
    }

    void press(const QString &text) const
    {
        QAbstractButton *found = button(text);
        QVERIFY2(found, qPrintable(QStringLiteral("no button '%1'").arg(text)));
        QVERIFY2(found->isEnabled(), qPrintable(QStringLiteral("'%1' is not possible: %2").arg(text, found->toolTip())));
        QTest::mouseClick(found, Qt::LeftButton);
    }

    template <class Widget>
    Widget *named(const QString &accessibleName) const
    {
        for (Widget *candidate : window->findChildren<Widget *>())
            if (candidate->isVisible() && candidate->accessibleName() == accessibleName)
                return candidate;
        return nullptr;
    }

    /// Lets jobs end; false when they do not within the time.
    bool waitForJobs(int milliseconds = 120000) const
    {
        return QTest::qWaitFor([this] { return bench().runner.current() == nullptr; }, milliseconds);
    }
};

} // namespace secateur::ui
