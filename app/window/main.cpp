// SPDX-License-Identifier: GPL-3.0-or-later
// secateur: the window.
#include "theme/Theme.h"
#include "window/Launch.h"
#include "window/MainWindow.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QIcon>

int main(int argc, char **argv)
{
    using namespace secateur::ui;
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("secateur"));
    QApplication::setApplicationDisplayName(QStringLiteral("Secateur"));
    QApplication::setApplicationVersion(QStringLiteral(SECATEUR_VERSION));
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
                                   QApplication::translate("main", "Type to compute in: auto, float32, bfloat16, float16."),
                                   QStringLiteral("name"), QStringLiteral("auto"));
    const QCommandLineOption threads(QStringLiteral("threads"),
                                     QApplication::translate("main", "CPU threads to compute with; 0 = all cores but one."),
                                     QStringLiteral("n"), QStringLiteral("0"));
    parser.addOptions({sample, device, dtype, threads});
    parser.process(application);

    Launch launch = usualLaunch();
    launch.engine.device = parser.value(device).toStdString();
    launch.engine.dtype = parser.value(dtype).toStdString();
    launch.engine.threads = parser.value(threads).toInt();
    Theme theme;
    MainWindow window(launch, theme);
    window.show();
    if (parser.isSet(sample))
        window.openSample();
    else if (!parser.positionalArguments().isEmpty())
        window.open(parser.positionalArguments().constFirst());
    return QApplication::exec();
}
