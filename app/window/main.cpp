// SPDX-License-Identifier: GPL-3.0-or-later
// secateur: the window.
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "theme/SessionBus.h"
#include "theme/Theme.h"
#include "window/EndSignals.h"
#include "window/Launch.h"
#include "window/MainWindow.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QIcon>
#include <csignal>

int main(int argc, char **argv)
{
    using namespace secateur::ui;
    std::signal(SIGXFSZ, SIG_IGN); // a file that grows beyond a limit (ulimit -f): the call that writes fails instead
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("secateur"));
    QApplication::setApplicationDisplayName(QStringLiteral("Secateur"));
    QApplication::setApplicationVersion(QStringLiteral(SECATEUR_VERSION));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/secateur.svg"))); // where the desktop does not know the program
    QApplication::setDesktopFileName(QStringLiteral("io.github.secateur.Secateur"));

    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::translate("main", "Structured pruning of large language models, in a window."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(QStringLiteral("path"), QApplication::translate("main", "A model folder or a session file to open."),
                                 QStringLiteral("[path]"));
    const QCommandLineOption sample(QStringLiteral("sample"), QApplication::translate("main", "Open the bundled sample."));
    const QCommandLineOption device(QStringLiteral("device"), QApplication::translate("main", "auto, cpu, cuda or cuda:N."),
                                    QStringLiteral("name"), QStringLiteral("auto"));
    const QCommandLineOption dtype(QStringLiteral("dtype"),
                                   QApplication::translate("main", "Type to compute in: auto, fastest, float32, bfloat16, float16."),
                                   QStringLiteral("name"), QStringLiteral("auto"));
    const QCommandLineOption threads(QStringLiteral("threads"),
                                     QApplication::translate("main", "CPU threads to compute with; 0 = all cores but one."),
                                     QStringLiteral("n"), QStringLiteral("0"));
    const QCommandLineOption hostMemory(
        QStringLiteral("host-memory"),
        QApplication::translate("main", "Memory that may be taken, such as 8GiB; layers are streamed where it is less than the model."),
        QStringLiteral("size"));
    const QCommandLineOption deviceMemory(QStringLiteral("device-memory"),
                                          QApplication::translate("main", "The same of the GPU, such as 24GiB."), QStringLiteral("size"));
    parser.addOptions({sample, device, dtype, threads, hostMemory, deviceMemory});
    parser.process(application);

    Launch launch = usualLaunch();
    launch.engine.device = parser.value(device).toStdString();
    launch.engine.dtype = parser.value(dtype).toStdString();
    launch.engine.threads = parser.value(threads).toInt();
    try {
        const auto bytes = [&](const QCommandLineOption &option) {
            return parser.isSet(option) ? secateur::bytesFromText(parser.value(option).toStdString()) : 0;
        };
        launch.engine.memory = {.device = bytes(deviceMemory), .host = bytes(hostMemory)};
        if (launch.engine.memory.host > 0)
            secateur::limitJsonMemory(launch.engine.memory.host);
    } catch (const secateur::Error &problem) {
        qCritical("%s %s", problem.what(), problem.hint().c_str());
        return 2;
    }
    SessionBus bus(SessionBus::usualAddress());
    Theme theme(bus);
    const EndSignals endSignals;
    MainWindow window(launch, theme, bus);
    window.show();
    if (parser.isSet(sample))
        window.openSample();
    else if (!parser.positionalArguments().isEmpty())
        window.open(parser.positionalArguments().constFirst());
    return QApplication::exec();
}
